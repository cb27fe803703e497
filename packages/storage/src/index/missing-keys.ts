import { EncodedProperties, marksOf, readRecord } from '@rocketmq-ts/protocol'
import type { SegmentFolder } from '../segment-folder.ts'

/** Messages without keys are rare: when this many in a row have none, no key is taken to be missing. */
const recordsLookedAtMax = 100
const keyMarks = marksOf('uniqueKey', 'keys', 'tags')

/**
 * The position of the first message whose keys are missing in the index, because files of the index were taken away.
 * @param lastIndexed position of the last message in the index, or -1
 * @param end messages before this position of the log were put into the index
 * @returns undefined when no key is missing
 */
export function missingKeysFrom(log: SegmentFolder, lastIndexed: number, end: number): number | undefined {
  let position = log.firstPosition
  let missingFrom: number | undefined
  for (let count = 0; count < recordsLookedAtMax && position < end; count++) {
    if (count === 0 && lastIndexed >= log.firstPosition) position = lastIndexed
    const record = recordAt(log, position)
    if (record === undefined) return undefined
    if (position > lastIndexed) {
      missingFrom ??= position
      if (record.hasKeys) return missingFrom
    }
    position = record.end
  }
  return undefined
}

function recordAt(log: SegmentFolder, position: number): { end: number; hasKeys: boolean } | undefined {
  const head = Buffer.alloc(8)
  if (log.read(head, position) < head.length) return undefined
  const size = head.readInt32BE(0)
  if (size < head.length || position + size > log.startOf(position) + log.segmentBytes) return undefined
  const bytes = Buffer.alloc(size)
  log.read(bytes, position)
  const reading = readRecord(bytes, 0)
  if (reading.kind === 'blank') return { end: log.startOf(position) + log.segmentBytes, hasKeys: false }
  if (reading.kind !== 'record') return undefined
  const { propertiesStart, propertiesEnd } = reading.record
  const properties = new EncodedProperties(bytes.subarray(propertiesStart, propertiesEnd))
  return { end: position + size, hasKeys: properties.hasAny(keyMarks) }
}
