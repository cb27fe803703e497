import { readInt64, recordMagic, recordPosition, sysFlag } from '@rocketmq-ts/protocol'

const smallestRecordBytes = 91

/**
 * Whether bytes read from a file are the record that stands at a position of the log: its own position, its size and
 * the lengths of its parts say so, without which a client could not tell where the next record starts. The body is not
 * compared with its checksum, which costs more than all the rest of reading: clients have the checksum.
 * @param start,byteCount where the bytes are that should be the record
 */
export function isRecordAt(source: Buffer, position: number, start = 0, byteCount = source.length): boolean {
  if (byteCount < smallestRecordBytes || source.readInt32BE(start + recordPosition.totalSize) !== byteCount)
    return false
  const magic = source.readInt32BE(start + recordPosition.magic)
  if (magic !== recordMagic.v1 && magic !== recordMagic.v2) return false
  if (readInt64(source, start + recordPosition.physicalOffset) !== position) return false
  const end = start + byteCount
  const flags = source.readInt32BE(start + recordPosition.sysFlag)
  const hostBytes = ((flags & sysFlag.bornHostV6) === 0 ? 8 : 20) + ((flags & sysFlag.storeHostV6) === 0 ? 8 : 20)
  const bodyStart = start + recordPosition.bornHost + hostBytes + 24
  const topicLengthBytes = magic === recordMagic.v2 ? 2 : 1
  if (bodyStart + topicLengthBytes + 2 > end) return false
  const bodyEnd = bodyStart + source.readInt32BE(bodyStart - 4)
  if (bodyEnd < bodyStart || bodyEnd + topicLengthBytes + 2 > end) return false
  const topicLength = topicLengthBytes === 1 ? source.readInt8(bodyEnd) : source.readInt16BE(bodyEnd)
  const topicEnd = bodyEnd + topicLengthBytes + topicLength
  if (topicLength < 0 || topicEnd + 2 > end) return false
  return topicEnd + 2 + source.readInt16BE(topicEnd) === end
}
