import { EncodedProperties, readRecord } from '@rocketmq-ts/protocol'
import type { SegmentFolder } from '../segment-folder.ts'
import { lightPlaces } from './light-places.ts'
import type { QueueUnit, UnitForm } from './queue-unit.ts'

/** What is read of a record at first: most are no larger. */
const firstReadBytes = 1024

/** The queue that a unit stands in. */
export interface UnitQueue {
  topicBytes: Buffer
  queueId: number
  isLight: boolean
}

/**
 * Whether the log has the record that a unit of a queue points to. A power failure may have torn the unit, or have taken
 * its message. Reads files.
 */
export function isUnitInLog(
  log: SegmentFolder,
  unit: QueueUnit,
  form: UnitForm,
  { topicBytes, queueId, isLight }: UnitQueue,
  unitNumber: number,
): boolean {
  // A message whose file was deleted cannot be compared any more.
  if (unit.physicalOffset < log.firstPosition) return true
  let bytes = Buffer.allocUnsafe(firstReadBytes)
  const filled = log.read(bytes, unit.physicalOffset)
  if (filled < 4 || bytes.readInt32BE(0) !== unit.totalSize || unit.totalSize > log.segmentBytes) return false
  if (filled < unit.totalSize) {
    bytes = Buffer.allocUnsafe(unit.totalSize)
    if (log.read(bytes, unit.physicalOffset) < unit.totalSize) return false
  }
  const reading = readRecord(bytes, 0)
  if (reading.kind !== 'record') return false
  const { record } = reading
  if (record.physicalOffset !== unit.physicalOffset || record.totalSize !== unit.totalSize) return false
  if (isLight) {
    const name = topicBytes.toString()
    const properties = new EncodedProperties(bytes.subarray(record.propertiesStart, record.propertiesEnd))
    return lightPlaces(properties).some((place) => place.name === name && place.queueOffset === unitNumber)
  }
  return (
    record.queueId === queueId &&
    form.isOf(unit, unitNumber, record, bytes) &&
    bytes.subarray(record.topicStart, record.topicEnd).equals(topicBytes)
  )
}
