import { MessageDecodeError } from './decode-message.ts'

/** One message of a batch send. The buffers are parts of the batch. */
export interface BatchedMessage {
  flag: number
  body: Buffer
  propertiesBytes: Buffer
}

const headBytes = 20

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

export function encodeBatchBody(messages: readonly BatchedMessage[]): Buffer {
  return Buffer.concat(
    messages.map(({ flag, body, propertiesBytes }) => {
      const totalSize = headBytes + body.length + 2 + propertiesBytes.length
      const bytes = Buffer.alloc(totalSize)
      bytes.writeInt32BE(totalSize, 0)
      bytes.writeInt32BE(flag, 12)
      bytes.writeInt32BE(body.length, 16)
      body.copy(bytes, headBytes)
      bytes.writeInt16BE(propertiesBytes.length, headBytes + body.length)
      propertiesBytes.copy(bytes, headBytes + body.length + 2)
      return bytes
    }),
  )
}
