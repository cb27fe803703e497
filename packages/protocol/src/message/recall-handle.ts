/** Identifies a message that waits for its time, in order to recall it. */
export interface RecallHandle {
  topic: string
  brokerName: string
  /** Milliseconds since 1970 at which it is delivered. */
  deliverMs: number
  uniqueKey: string
}

/** A text is no recall handle. */
export class RecallHandleError extends Error {
  override readonly name = 'RecallHandleError'
}

const version = 'v1'
const textMax = 4096
/** By the characters behind the last four: whoever reads a handle expects that it is filled up to four. */
const paddings = ['', '', '==', '=']
/** Of a character of a text. */
const utf8BytesMax = 3
/** Each send of a message with a time is answered with a handle. */
const memory = Buffer.allocUnsafeSlow(1024)

/** The handle that a send is answered with: base64url of five words. */
export function encodeRecallHandle({ topic, brokerName, deliverMs, uniqueKey }: RecallHandle): string {
  const text = `${version} ${topic} ${brokerName} ${deliverMs} ${uniqueKey}`
  const bytes = text.length * utf8BytesMax <= memory.length ? memory : Buffer.allocUnsafe(text.length * utf8BytesMax)
  const base64 = bytes.toString('base64url', 0, bytes.write(text, 0, 'utf8'))
  return base64 + paddings[base64.length % 4]!
}

/** @throws RecallHandleError */
export function decodeRecallHandle(text: string): RecallHandle {
  if (text.length > textMax || !/^[A-Za-z0-9_-]+=*$/.test(text)) {
    throw new RecallHandleError('it is no recall handle: use the one that the send was answered with')
  }
  const words = Buffer.from(text, 'base64url').toString('utf8').split(' ')
  const [wordVersion, topic = '', brokerName = '', time = '', uniqueKey = ''] = words
  if (words.length !== 5 || wordVersion !== version || !/^[0-9]{1,16}$/.test(time) || uniqueKey === '') {
    throw new RecallHandleError('it is no recall handle of this version: use the one that the send was answered with')
  }
  return { topic, brokerName, deliverMs: Number(time), uniqueKey }
}
