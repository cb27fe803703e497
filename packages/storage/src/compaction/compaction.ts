import type { Clock } from '@rocketmq-ts/platform'
import { EncodedProperties, type RecordLayout, readRecord } from '@rocketmq-ts/protocol'
import type { CompactedQueue, Coverage } from './compacted-queue.ts'
import { KeyOffsets } from './key-offsets.ts'
import type { FilePair } from './pair-files.ts'
import type { RecordFiles } from './record-files.ts'

export interface CompactionRules {
  /** Memory for keys. When there are more, the compaction covers the first part of the messages only. */
  keyBytesMax: number
  clock: Clock
}

export interface CompactionResult {
  /** Messages that were here, and that are left. */
  before: number
  after: number
  /** The last queue offset that was covered. */
  compactedOffset: number
  /** Whether it has covered a part only, since there was no memory for more keys. */
  isPartial: boolean
}

/** Bytes that are looked through in one go: about a millisecond. */
const sliceBytes = 64 * 1024
/** Time for others between two slices. */
const sliceGapMs = 2

/**
 * Removes messages of which a later one has the same key, in slices, so that senders and consumers are not held up. First
 * it notes the last offset of each key among the messages that no compaction has covered yet. Then it writes what is left
 * of all messages into new files, which take the place of the old ones at once.
 *
 * A message without a body says that its key is deleted. It is left by the compaction that covers it first, so that
 * consumers which are reading learn of it, and removed by the next one.
 * @param isWanted asked after each wait: whether to go on
 * @param noted notes the compacted offset; what must be done before the old state is forgotten
 * @returns undefined when it did not come to an end
 * @throws the file system's errors, and CompactionDamageError
 */
export async function compact(
  queue: CompactedQueue,
  rules: CompactionRules,
  isWanted: () => boolean,
  noted: () => Promise<void>,
): Promise<CompactionResult | undefined> {
  const { sources, made, endOffset } = queue.beginCompaction()
  const { generation } = queue
  const goesOn = (): boolean => isWanted() && !queue.isRemoved && queue.generation === generation
  let isDone = false
  try {
    const before = queue.compactedOffset
    const latest = await latestOffsets(queue, sources, before, endOffset - 1, rules, goesOn)
    if (latest === undefined) return undefined
    const copied = await copyLatest(queue, sources, made, before, latest, rules, goesOn)
    if (copied === undefined || !goesOn()) return undefined
    const { looked, kept, coverage } = copied
    const { coveredOffset } = coverage
    const isPartial = coveredOffset < endOffset - 1
    const result = { before: looked, after: kept, compactedOffset: coveredOffset, isPartial }
    if (kept === looked) {
      queue.noteCompacted(coverage)
      queue.endCompaction()
      await noted()
    } else {
      made.seal()
      await made.sync()
      if (!goesOn()) return undefined
      if (!(await queue.replace(made, sources, coverage, goesOn))) return undefined
      isDone = true
      await noted()
      queue.endCompaction()
    }
    isDone = true
    return result
  } catch (error) {
    // Its files are gone: the topic was deleted, or the log was cut back.
    if (!goesOn() && !isDone) return undefined
    throw error
  } finally {
    // Nothing is touched any more once the store is closed: the next start tidies up.
    if (!isDone && isWanted()) queue.giveUpCompaction(sources)
  }
}

/** A file of a compacted log holds something that is no record of it. */
export class CompactionDamageError extends Error {
  override readonly name = 'CompactionDamageError'
}

interface LatestOffsets {
  keys: KeyOffsets
  /** The last message whose key was noted, or does not count. */
  coveredOffset: number
}

async function latestOffsets(
  queue: CompactedQueue,
  sources: readonly FilePair[],
  compactedOffset: number,
  lastOffset: number,
  { keyBytesMax, clock }: CompactionRules,
  goesOn: () => boolean,
): Promise<LatestOffsets | undefined> {
  const keys = new KeyOffsets(keyBytesMax)
  let coveredOffset = compactedOffset
  for (const pair of sources) {
    if (pair.lastOffset <= compactedOffset) continue
    for await (const { bytes, records } of slicesOf(queue, pair, clock)) {
      if (!goesOn()) return undefined
      for (const record of records) {
        if (record.queueOffset <= compactedOffset) continue
        if (!keys.set(keyOf(bytes, record), record.queueOffset)) return { keys, coveredOffset }
        coveredOffset = record.queueOffset
      }
    }
  }
  return goesOn() ? { keys, coveredOffset: Math.max(coveredOffset, lastOffset) } : undefined
}

async function copyLatest(
  queue: CompactedQueue,
  sources: readonly FilePair[],
  made: RecordFiles,
  compactedOffset: number,
  { keys, coveredOffset }: LatestOffsets,
  { clock }: CompactionRules,
  goesOn: () => boolean,
): Promise<{ looked: number; kept: number; coverage: Coverage } | undefined> {
  const coverage = { coveredOffset, uncoveredBytes: 0, markerCount: 0 }
  let [looked, kept] = [0, 0]
  for (const pair of sources) {
    for await (const { bytes, records } of slicesOf(queue, pair, clock)) {
      if (!goesOn()) return undefined
      for (const record of records) {
        looked++
        const { queueOffset, storeTimestamp, start, totalSize } = record
        const properties = propertiesOf(bytes, record)
        if (queueOffset <= coveredOffset) {
          if (keys.get(properties.value('keys') ?? '') > queueOffset) continue
          if (record.bodyStart === record.bodyEnd) {
            if (queueOffset <= compactedOffset) continue
            coverage.markerCount++
          }
        } else coverage.uncoveredBytes += totalSize
        kept++
        const unit = { queueOffset, tagsCode: properties.hash('tags'), storeTimestamp }
        made.append(bytes.subarray(start, start + totalSize), unit)
      }
    }
  }
  made.flush()
  return goesOn() ? { looked, kept, coverage } : undefined
}

function keyOf(bytes: Buffer, record: RecordLayout): string {
  return propertiesOf(bytes, record).value('keys') ?? ''
}

function propertiesOf(bytes: Buffer, { propertiesStart, propertiesEnd }: RecordLayout): EncodedProperties {
  return new EncodedProperties(bytes.subarray(propertiesStart, propertiesEnd))
}

/** The records of a file, in order, in slices; pauses after each. */
async function* slicesOf(
  queue: CompactedQueue,
  pair: FilePair,
  clock: Clock,
): AsyncGenerator<{ bytes: Buffer; records: RecordLayout[] }> {
  const { start, end } = pair
  let byteCount = sliceBytes
  for (let position = start; position < end; ) {
    const wanted = Math.min(byteCount, end - position)
    const bytes = await queue.bytesOf(pair, position, wanted)
    if (bytes.length < wanted) throw damaged(queue, position)
    const records: RecordLayout[] = []
    let at = 0
    byteCount = sliceBytes
    while (position + at < end) {
      const reading = readRecord(bytes, at)
      if (reading.kind === 'incomplete') {
        if (at === 0) byteCount = reading.wantedBytes
        break
      }
      const isHere = reading.kind === 'record' && reading.record.physicalOffset === position + at
      if (!isHere) throw damaged(queue, position + at)
      records.push(reading.record)
      at += reading.record.totalSize
    }
    if (at === 0 && byteCount > end - position) throw damaged(queue, position)
    position += at
    yield { bytes, records }
    await new Promise<void>((resolve) => clock.after(sliceGapMs, resolve))
  }
}

function damaged({ topic, queueId }: CompactedQueue, position: number): CompactionDamageError {
  return new CompactionDamageError(
    `the compacted log of ${topic}/${queueId} holds no record at ${position}: its messages are not compacted any more. ` +
      'Check the disk, and restore the files of the folder compaction from a backup or replica if there is one',
  )
}
