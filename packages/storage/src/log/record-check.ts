import { readInt64, recordMagic, recordPosition, sysFlag } from '@rocketmq-ts/protocol'

const smallestRecordBytes = 91

/**
 * Whether bytes read from a file are the record that stands at a position of the log: its own position, its size and
 * the lengths of its parts say so, without which a client could not tell where the next record starts. The body is not
 * compared with its checksum, which costs more than all the rest of reading: clients have the checksum.
 */
export function isRecordAt(bytes: Buffer, position: number): boolean {
  if (bytes.length < smallestRecordBytes || bytes.readInt32BE(recordPosition.totalSize) !== bytes.length) return false
  const magic = bytes.readInt32BE(recordPosition.magic)
  if (magic !== recordMagic.v1 && magic !== recordMagic.v2) return false
  if (readInt64(bytes, recordPosition.physicalOffset) !== position) return false
  const flags = bytes.readInt32BE(recordPosition.sysFlag)
  const hostBytes = ((flags & sysFlag.bornHostV6) === 0 ? 8 : 20) + ((flags & sysFlag.storeHostV6) === 0 ? 8 : 20)
  const bodyStart = recordPosition.bornHost + hostBytes + 24
  const topicLengthBytes = magic === recordMagic.v2 ? 2 : 1
  if (bodyStart + topicLengthBytes + 2 > bytes.length) return false
  const bodyEnd = bodyStart + bytes.readInt32BE(bodyStart - 4)
  if (bodyEnd < bodyStart || bodyEnd + topicLengthBytes + 2 > bytes.length) return false
  const topicLength = topicLengthBytes === 1 ? bytes.readInt8(bodyEnd) : bytes.readInt16BE(bodyEnd)
  const topicEnd = bodyEnd + topicLengthBytes + topicLength
  if (topicLength < 0 || topicEnd + 2 > bytes.length) return false
  return topicEnd + 2 + bytes.readInt16BE(topicEnd) === bytes.length
}
