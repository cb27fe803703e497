import { MessageDecodeError } from './decode-message.ts'

/** One message of a batch send. The buffers are parts of the batch. */
export interface BatchedMessage {
  flag: number
  body: Buffer
  propertiesBytes: Buffer
}

const headBytes = 20

/** What a message of a batch takes at the least. */
export const batchedBytesMin = headBytes + 2

/**
 * Splits the body of a batch send, a run of:
 *
 *     totalSize 4 | magic 4 (0) | bodyCrc 4 (0) | flag 4 | bodyLength 4 | body | propertiesLength 2 | properties
 *
 * @throws MessageDecodeError when the lengths do not add up
 */
export function decodeBatchBody(batch: Buffer): BatchedMessage[] {
  const messages: BatchedMessage[] = []
  let position = 0
  while (position < batch.length) {
    const available = batch.length - position
    const totalSize = available < headBytes + 2 ? 0 : batch.readInt32BE(position)
    if (totalSize < headBytes + 2 || totalSize > available) throw malformed(position)
    const end = position + totalSize
    const bodyLength = batch.readInt32BE(position + 16)
    const bodyStart = position + headBytes
    if (bodyLength < 0 || bodyStart + bodyLength + 2 > end) throw malformed(position)
    const bodyEnd = bodyStart + bodyLength
    const propertiesLength = batch.readInt16BE(bodyEnd)
    if (propertiesLength < 0 || bodyEnd + 2 + propertiesLength !== end) throw malformed(position)
    messages.push({
      flag: batch.readInt32BE(position + 12),
      body: batch.subarray(bodyStart, bodyEnd),
      propertiesBytes: batch.subarray(bodyEnd + 2, end),
    })
    position = end
  }
  return messages
}

function malformed(position: number): MessageDecodeError {
  return new MessageDecodeError(`the batch is malformed at byte ${position}: its lengths do not add up`)
}

/** A message to put into a batch; its properties as they are stored, or as text. */
export type MessageOfBatch = Pick<BatchedMessage, 'flag' | 'body'> &
  ({ propertiesBytes: Buffer } | { propertiesText: string })

/** The body of a batch send, see {@link decodeBatchBody}. */
export function encodeBatchBody(messages: readonly MessageOfBatch[]): Buffer {
  const propertiesBytes = messages.map(propertiesLength)
  let byteCount = 0
  for (const [index, { body }] of messages.entries()) byteCount += headBytes + body.length + 2 + propertiesBytes[index]!
  const batch = Buffer.allocUnsafe(byteCount)
  let position = 0
  for (const [index, message] of messages.entries()) {
    position = putMessage(batch, position, message, propertiesBytes[index]!)
  }
  return batch
}

function propertiesLength(message: MessageOfBatch): number {
  return 'propertiesText' in message ? Buffer.byteLength(message.propertiesText) : message.propertiesBytes.length
}

/** @returns where the next message begins */
function putMessage(batch: Buffer, start: number, message: MessageOfBatch, propertiesBytes: number): number {
  const { flag, body } = message
  const bodyStart = start + headBytes
  const bodyEnd = bodyStart + body.length
  const end = bodyEnd + 2 + propertiesBytes
  batch.writeInt32BE(end - start, start)
  batch.fill(0, start + 4, start + 12)
  batch.writeInt32BE(flag, start + 12)
  batch.writeInt32BE(body.length, start + 16)
  body.copy(batch, bodyStart)
  batch.writeInt16BE(propertiesBytes, bodyEnd)
  if ('propertiesText' in message) batch.write(message.propertiesText, bodyEnd + 2)
  else message.propertiesBytes.copy(batch, bodyEnd + 2)
  return end
}
