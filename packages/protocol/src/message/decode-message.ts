import { decodeHost } from './host-bytes.ts'
import { recordPosition } from './message-record.ts'
import { type RecordLayout, readRecord } from './read-record.ts'

/** A record with its texts and hosts decoded: for tools, tests and the rare paths of a broker. */
export interface DecodedMessage {
  topic: string
  queueId: number
  queueOffset: number
  physicalOffset: number
  flag: number
  sysFlag: number
  bornTimestamp: number
  bornHost: { host: string; port: number }
  storeTimestamp: number
  storeHost: { host: string; port: number }
  reconsumeTimes: number
  preparedTransactionOffset: number
  body: Buffer
  /** Encoded, as `decodeMessageProperties` takes them. */
  properties: string
  totalSize: number
}

/** Bytes that should hold messages do not. */
export class MessageDecodeError extends Error {
  override readonly name = 'MessageDecodeError'
}

export function decodeMessageAt(source: Buffer, record: RecordLayout): DecodedMessage {
  return {
    topic: source.toString('utf8', record.topicStart, record.topicEnd),
    queueId: record.queueId,
    queueOffset: record.queueOffset,
    physicalOffset: record.physicalOffset,
    flag: record.flag,
    sysFlag: record.sysFlag,
    bornTimestamp: record.bornTimestamp,
    bornHost: decodeHost(source.subarray(record.start + recordPosition.bornHost, record.storeTimestampAt)),
    storeTimestamp: record.storeTimestamp,
    storeHost: decodeHost(source.subarray(record.storeHostAt, record.reconsumeTimesAt)),
    reconsumeTimes: record.reconsumeTimes,
    preparedTransactionOffset: record.preparedTransactionOffset,
    body: source.subarray(record.bodyStart, record.bodyEnd),
    properties: source.toString('utf8', record.propertiesStart, record.propertiesEnd),
    totalSize: record.totalSize,
  }
}

/**
 * Decodes adjacent records, as in the answer to a pull.
 * @throws MessageDecodeError with the position where there is no record
 */
export function decodeMessages(source: Buffer): DecodedMessage[] {
  const messages: DecodedMessage[] = []
  let position = 0
  while (position < source.length) {
    const reading = readRecord(source, position, true)
    if (reading.kind !== 'record') {
      throw new MessageDecodeError(
        `no message at byte ${position}: ${'reason' in reading ? reading.reason : reading.kind}`,
      )
    }
    messages.push(decodeMessageAt(source, reading.record))
    position += reading.record.totalSize
  }
  return messages
}
