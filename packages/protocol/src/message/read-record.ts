import { blankRecordBytes, bodyCrc, readInt64, recordBytesMin, recordMagic, recordPosition } from './message-record.ts'
import { sysFlag } from './sys-flag.ts'

/** Where the parts of a record lie; positions are in the buffer it was found in. */
export interface RecordLayout {
  totalSize: number
  start: number
  queueId: number
  flag: number
  queueOffset: number
  physicalOffset: number
  sysFlag: number
  bornTimestamp: number
  storeTimestamp: number
  reconsumeTimes: number
  preparedTransactionOffset: number
  storeTimestampAt: number
  storeHostAt: number
  reconsumeTimesAt: number
  bodyStart: number
  bodyEnd: number
  topicStart: number
  topicEnd: number
  propertiesStart: number
  propertiesEnd: number
}

export type RecordReading =
  | { kind: 'record'; record: RecordLayout }
  /** Nothing more stands in this file. */
  | { kind: 'blank'; remainingBytes: number }
  /** The buffer ends before the record does. */
  | { kind: 'incomplete'; wantedBytes: number }
  /** No record: the end of what was written, or damage. */
  | { kind: 'invalid'; reason: string }

/**
 * Reads the record at `start`. Lengths are checked against each other, so that no field ends outside of the record.
 * @param checkCrc whether the body is compared with its checksum
 */
export function readRecord(source: Buffer, start: number, checkCrc = false): RecordReading {
  const available = source.length - start
  if (available < blankRecordBytes) return { kind: 'incomplete', wantedBytes: blankRecordBytes }
  const totalSize = source.readInt32BE(start)
  const magic = source.readInt32BE(start + recordPosition.magic)
  if (magic === recordMagic.blank) return { kind: 'blank', remainingBytes: totalSize }
  if (magic !== recordMagic.v1 && magic !== recordMagic.v2) return invalid(`magic ${magic >>> 0} is unknown`)
  if (totalSize < recordBytesMin) return invalid(`a record of ${totalSize} bytes is too short`)
  if (available < totalSize) return { kind: 'incomplete', wantedBytes: totalSize }
  return readChecked(source, start, totalSize, magic === recordMagic.v2 ? 2 : 1, checkCrc)
}

function invalid(reason: string): RecordReading {
  return { kind: 'invalid', reason }
}

function readChecked(
  source: Buffer,
  start: number,
  totalSize: number,
  topicLengthBytes: number,
  checkCrc: boolean,
): RecordReading {
  const end = start + totalSize
  const flags = source.readInt32BE(start + recordPosition.sysFlag)
  const storeTimestampAt = start + recordPosition.bornHost + ((flags & sysFlag.bornHostV6) === 0 ? 8 : 20)
  const storeHostAt = storeTimestampAt + 8
  const reconsumeTimesAt = storeHostAt + ((flags & sysFlag.storeHostV6) === 0 ? 8 : 20)
  const bodyStart = reconsumeTimesAt + 16
  if (bodyStart + topicLengthBytes + 2 > end) return invalid('the fixed fields do not fit into the record')
  const bodyLength = source.readInt32BE(bodyStart - 4)
  const bodyEnd = bodyStart + bodyLength
  if (bodyLength < 0 || bodyEnd + topicLengthBytes + 2 > end)
    return invalid(`a body of ${bodyLength} bytes does not fit`)
  const topicStart = bodyEnd + topicLengthBytes
  const topicLength = topicLengthBytes === 1 ? source.readInt8(bodyEnd) : source.readInt16BE(bodyEnd)
  const topicEnd = topicStart + topicLength
  if (topicLength < 0 || topicEnd + 2 > end) return invalid(`a topic of ${topicLength} bytes does not fit`)
  const propertiesLength = source.readInt16BE(topicEnd)
  const propertiesStart = topicEnd + 2
  const propertiesEnd = propertiesStart + propertiesLength
  if (propertiesLength < 0 || propertiesEnd !== end) return invalid('the lengths of the parts do not add up')
  if (checkCrc) {
    const stored = source.readInt32BE(start + recordPosition.bodyCrc)
    if (stored !== bodyCrc(source.subarray(bodyStart, bodyEnd))) return invalid('the body differs from its checksum')
  }
  const record: RecordLayout = {
    totalSize,
    start,
    queueId: source.readInt32BE(start + recordPosition.queueId),
    flag: source.readInt32BE(start + recordPosition.flag),
    queueOffset: readInt64(source, start + recordPosition.queueOffset),
    physicalOffset: readInt64(source, start + recordPosition.physicalOffset),
    sysFlag: flags,
    bornTimestamp: readInt64(source, start + recordPosition.bornTimestamp),
    storeTimestamp: readInt64(source, storeTimestampAt),
    reconsumeTimes: source.readInt32BE(reconsumeTimesAt),
    preparedTransactionOffset: readInt64(source, reconsumeTimesAt + 4),
    storeTimestampAt,
    storeHostAt,
    reconsumeTimesAt,
    bodyStart,
    bodyEnd,
    topicStart,
    topicEnd,
    propertiesStart,
    propertiesEnd,
  }
  return { kind: 'record', record }
}

/**
 * Where the properties begin of a record that stands whole at `start`; they end with it. Only for records whose lengths
 * are known to add up.
 */
export function recordPropertiesStart(source: Buffer, start: number): number {
  const flags = source.readInt32BE(start + recordPosition.sysFlag)
  const hostBytes = ((flags & sysFlag.bornHostV6) === 0 ? 8 : 20) + ((flags & sysFlag.storeHostV6) === 0 ? 8 : 20)
  const bodyStart = start + recordPosition.bornHost + hostBytes + 24
  const bodyEnd = bodyStart + source.readInt32BE(bodyStart - 4)
  const isV2 = source.readInt32BE(start + recordPosition.magic) === recordMagic.v2
  return isV2 ? bodyEnd + 4 + source.readInt16BE(bodyEnd) : bodyEnd + 3 + source.readInt8(bodyEnd)
}
