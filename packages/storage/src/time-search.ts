import { firstIndexWhere } from '@rocketmq-ts/base'
import { readRecord } from '@rocketmq-ts/protocol'
import type { CommitLog } from './log/commit-log.ts'
import { BatchQueue } from './queues/batch-queue.ts'
import type { CompactedMessages } from './queues/compacted-messages.ts'
import type { ConsumeQueue } from './queues/consume-queue.ts'
import { isMessage } from './queues/queue-unit.ts'

/** Store time of the message with this queue offset, or undefined when there is none. */
export function storeTimestampOf(commitLog: CommitLog, queue: ConsumeQueue, queueOffset: number): number | undefined {
  const unit = queue.unitAt(queueOffset)
  if (!isMessage(unit) || unit.physicalOffset < commitLog.minPosition) return undefined
  return timestampAt(commitLog, unit.physicalOffset, unit.totalSize)
}

/** Store time of the record at a position, or undefined when no record stands there. */
export function timestampAt(commitLog: CommitLog, position: number, totalSize: number): number | undefined {
  if (totalSize > commitLog.recordBytesMax) return undefined
  const reading = readRecord(commitLog.bytesAt(position, totalSize), 0)
  return reading.kind === 'record' ? reading.record.storeTimestamp : undefined
}

/**
 * The queue offset that belongs to a time. `lower`: of the first message stored at or after it, or behind the last
 * message; `upper`: of the last message stored at or before it, or of the first message when all were stored later.
 *
 * In a queue of batches it is the offset of the first message of such a record. With `lower` it is that of the last
 * record when all were stored before the time, as the official broker says.
 */
export function offsetByTime(
  commitLog: CommitLog,
  queue: ConsumeQueue,
  timestampMs: number,
  boundary: 'lower' | 'upper',
): number {
  const minOffset = Math.max(0, queue.minOffset(commitLog.minPosition))
  const { maxOffset, compacted } = queue
  const timeOf = (offset: number): number => storeTimestampOf(commitLog, queue, offset) ?? 0
  const offset =
    boundary === 'lower'
      ? firstIndexWhere(minOffset, maxOffset, (at) => timeOf(at) >= timestampMs)
      : Math.max(minOffset, firstIndexWhere(minOffset, maxOffset, (at) => timeOf(at) > timestampMs) - 1)
  if (compacted !== undefined) return compactedOffsetByTime(compacted, timestampMs, boundary, minOffset, offset)
  if (!(queue instanceof BatchQueue) || minOffset >= maxOffset) return offset
  return Math.min(queue.unitAt(Math.min(offset, maxOffset - 1)).baseOffset, maxOffset)
}

/** @param inLog what was found among the messages from `minOffset` on, which are read from the log */
function compactedOffsetByTime(
  compacted: CompactedMessages,
  timestampMs: number,
  boundary: 'lower' | 'upper',
  minOffset: number,
  inLog: number,
): number {
  if (boundary === 'lower') return Math.min(compacted.unitSince(timestampMs)?.queueOffset ?? inLog, inLog)
  if (inLog > minOffset) return inLog
  const after = compacted.unitSince(timestampMs + 1)?.queueOffset ?? minOffset + 1
  return Math.min(compacted.lastBefore(after) ?? compacted.unitFrom(0)?.queueOffset ?? inLog, inLog)
}
