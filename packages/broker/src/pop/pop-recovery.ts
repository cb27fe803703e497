import { javaStringHash, reviveGroup, timerTopic } from '@rocketmq-ts/protocol'
import type { QueueUnit } from '@rocketmq-ts/storage'
import { decodedRecord } from '../stored-message.ts'
import type { CommittedOffsets } from './pop-cursors.ts'
import type { Checkpoint, Receipts } from './receipts.ts'
import { readReviveRecord, reviveTags } from './revive-records.ts'

/** A topic that keeps checkpoints and acknowledgements, and how many queues may have some. */
export interface ReviveTopic {
  topic: string
  queueCount: number
}

export interface PopRecoveryParts {
  reviveTopics: readonly ReviveTopic[]
  store: {
    units(topic: string, queueId: number, fromOffset: number, countMax: number): Promise<QueueUnit[]>
    recordAt(physicalOffset: number, totalSize: number): Promise<Buffer | undefined>
    minOffset(topic: string, queueId: number): number
    maxOffset(topic: string, queueId: number): number
  }
  offsets: CommittedOffsets & { flush(): void; wentElsewhereAt(group: string, topic: string, queueId: number): number }
  receipts: Pick<Receipts, 'noteReplaced'>
}

const timerQueueId = 0
const unitsAtOnce = 256
const checkpointTagsCode = javaStringHash(reviveTags.checkpoint)

/**
 * Offsets of groups are written at an interval, and a killed broker loses the last of them. The checkpoints of what was
 * given out since are in the log: read from where the written offsets end, they tell how far each group was. So what was
 * given out before the death of the process is not given out a second time while it is invisible, or acknowledged.
 */
export class PopRecovery {
  readonly #parts: PopRecoveryParts
  #loading: Promise<void> | undefined
  #isLoaded = false

  constructor(parts: PopRecoveryParts) {
    this.#parts = parts
  }

  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** A checkpoint is in the timer's queue, and the offset of its group is noted with those of all before it. */
  noted(timerOffset: number): void {
    this.#parts.offsets.commit(reviveGroup, timerTopic, timerQueueId, timerOffset + 1)
  }

  /** Resolves when it is known how far groups are. @throws the file system's errors; then it can be tried again */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #load(): Promise<void> {
    const { offsets, store, reviveTopics } = this.#parts
    const noted = offsets.offset(reviveGroup, timerTopic, timerQueueId)
    if (noted !== undefined) await this.#read(timerTopic, timerQueueId, noted)
    else {
      // Nothing was given out before. From where to read after a crash has to be known before something is.
      this.noted(store.maxOffset(timerTopic, timerQueueId) - 1)
      offsets.flush()
    }
    // What was given out for a moment went there at once.
    for (const { topic, queueCount } of reviveTopics) {
      for (let queueId = 0; queueId < queueCount; queueId++) {
        await this.#read(topic, queueId, (offsets.offset(reviveGroup, topic, queueId) ?? -1) + 1)
      }
    }
    this.#isLoaded = true
  }

  async #read(topic: string, queueId: number, fromOffset: number): Promise<void> {
    const { store } = this.#parts
    let offset = Math.max(fromOffset, store.minOffset(topic, queueId))
    for (;;) {
      const units = await store.units(topic, queueId, offset, unitsAtOnce)
      if (units.length === 0) return
      for (const unit of units) if (unit.tagsCode === checkpointTagsCode) await this.#raise(unit)
      offset += units.length
    }
  }

  async #raise({ physicalOffset, totalSize }: QueueUnit): Promise<void> {
    const { store, offsets, receipts } = this.#parts
    const message = decodedRecord(await store.recordAt(physicalOffset, totalSize))
    const record = message && readReviveRecord(message)
    // Of what an official broker gave out, its own files tell.
    if (record?.kind !== 'checkpoint' || record.epoch === undefined) return
    const { group, topic, queueId, offsets: given, replaced } = record.checkpoint
    // Who asked for the change may not know of it: the answer is lost when the process dies before it.
    if (replaced !== undefined) receipts.noteReplaced({ topic, group, queueId, ...replaced }, given[0]!)
    const { logEnd = Number.POSITIVE_INFINITY } = record.checkpoint
    if (logEnd < offsets.wentElsewhereAt(group, topic, queueId)) return
    const next = (given.at(-1) ?? -1) + 1
    if (next <= (offsets.offset(group, topic, queueId) ?? -1) || !(await this.#isThere(record.checkpoint))) return
    offsets.commit(group, topic, queueId, next)
  }

  /** Whether its messages stand in their queue, or did: a topic that was made anew has others at the same offsets, or none. */
  async #isThere({ topic, queueId, offsets, logEnd }: Checkpoint): Promise<boolean> {
    const last = offsets.at(-1)
    const { store } = this.#parts
    if (last === undefined || logEnd === undefined || last < store.minOffset(topic, queueId)) return true
    const [unit] = await store.units(topic, queueId, last, 1)
    return unit === undefined ? last < store.maxOffset(topic, queueId) : unit.physicalOffset < logEnd
  }
}
