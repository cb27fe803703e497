import { type Checkpoint, checkpointKey, type Receipts, visibleAt } from './receipts.ts'
import type { ReviveRecord } from './revive-records.ts'

export interface RevivalParts {
  /** Names this life of the broker. */
  epoch(): string
  receipts: Pick<Receipts, 'outstanding' | 'close' | 'closeForeign' | 'isForeignUnderWay' | 'revive'>
  timer: TimerProgress
  /** Behind the last record of the queue. */
  maxOffset(): number
}

/** How far the timer is, through which records go to the revive topic. */
export interface TimerProgress {
  precisionMs: number
  /** Behind the last message in the timer's topic, and behind the last one of which it knows when it is due. */
  maxOffset(): number
  addedOffset(): number
  /** Milliseconds since 1970 up to which all that was due is delivered; infinite when nothing waits. */
  deliveredMs(): number
}

/** Messages that nobody acknowledged in time. */
export interface Due {
  readonly checkpoint: Checkpoint
  readonly offsets: readonly number[]
}

interface Pending {
  readonly checkpoint: Checkpoint
  /** Of the first record that tells of it in the revive queue: its own, or an acknowledgement that came before that. */
  readonly offset: number
  readonly acknowledged: Set<number>
  readonly isOfThisEpoch: boolean
  isUnderWay: boolean
  /** What has to be passed before no acknowledgement can come any more; each is known when the one before is passed. */
  timerOffset: number | undefined
  slotMs: number | undefined
  reviveOffset: number | undefined
}

/** What was acknowledged of a checkpoint before its record came. */
interface Early {
  /** Of the first acknowledgement in the revive queue. */
  readonly offset: number
  readonly acknowledged: Set<number>
}

/** Acknowledgements that came before their checkpoint, which only a timer out of order brings about. */
const earlyMax = 10_000

/**
 * One queue of the revive topic, as far as it was read: the checkpoints whose messages may have to become visible again.
 * Of those that this life of the broker wrote it is known in memory what was acknowledged. For others the queue has to
 * be read until no acknowledgement can come any more.
 */
export class Revival {
  readonly #parts: RevivalParts
  /** In the order of the queue. */
  readonly #pending = new Map<string, Pending>()
  readonly #early = new Map<string, Early>()
  /** Behind the last record that was read. */
  #readOffset: number

  /** @param nextOffset of the first record to read */
  constructor(nextOffset: number, parts: RevivalParts) {
    this.#readOffset = nextOffset
    this.#parts = parts
  }

  /** Checkpoints that are read and not dealt with. */
  get pendingCount(): number {
    return this.#pending.size
  }

  get readOffset(): number {
    return this.#readOffset
  }

  /** Everything in the queue before this offset is dealt with. */
  get doneOffset(): number {
    let done = this.#readOffset
    for (const { offset } of this.#pending.values()) done = Math.min(done, offset)
    return done
  }

  /** @param record undefined for one that tells nothing */
  read(queueOffset: number, record: ReviveRecord | undefined): void {
    this.#readOffset = queueOffset + 1
    if (record === undefined) return
    if (record.kind === 'ack') this.#acknowledged(queueOffset, checkpointKey(record.name), record.offsets)
    else {
      const { checkpoint, acknowledged, epoch } = record
      const key = checkpointKey(checkpoint)
      // After a crash the timer may deliver a record once more.
      if (this.#pending.has(key)) return
      const early = this.#early.get(key)
      const pending: Pending = {
        checkpoint,
        offset: early?.offset ?? queueOffset,
        acknowledged: new Set([...acknowledged, ...(early?.acknowledged ?? [])]),
        isOfThisEpoch: epoch === this.#parts.epoch(),
        isUnderWay: false,
        timerOffset: undefined,
        slotMs: undefined,
        reviveOffset: undefined,
      }
      this.#early.delete(key)
      this.#pending.set(key, pending)
      if (pending.isOfThisEpoch && this.#isAllAcknowledged(pending)) this.#close(key, pending)
    }
  }

  /** Milliseconds until it has to be asked again what is due; undefined when nothing is pending. */
  waitMs(nowMs: number): number | undefined {
    let earliest: number | undefined
    for (const { checkpoint, isUnderWay } of this.#pending.values()) {
      if (isUnderWay) continue
      const dueMs = visibleAt(checkpoint)
      if (earliest === undefined || dueMs < earliest) earliest = dueMs
    }
    return earliest === undefined ? undefined : Math.max(0, earliest - nowMs)
  }

  /**
   * Takes what is to become visible again now; `settle` follows for each.
   * @param countMax checkpoints at most
   */
  takeDue(nowMs: number, countMax: number): Due[] {
    const due: Due[] = []
    // Those that are dealt with on the way are the first ones mostly.
    for (const [key, pending] of this.#pending) {
      if (due.length >= countMax) break
      if (pending.isUnderWay || visibleAt(pending.checkpoint) > nowMs) continue
      const offsets = this.#outstanding(pending)
      if (offsets === undefined) continue
      if (offsets.length === 0) this.#close(key, pending)
      else {
        pending.isUnderWay = true
        this.#parts.receipts.revive(pending.checkpoint)
        due.push({ checkpoint: pending.checkpoint, offsets })
      }
    }
    return due
  }

  /** @param isDone false when the messages could not be made visible again: they are due still */
  settle({ checkpoint }: Due, isDone: boolean): void {
    const key = checkpointKey(checkpoint)
    const pending = this.#pending.get(key)
    if (pending === undefined) return
    if (isDone) this.#close(key, pending)
    else pending.isUnderWay = false
  }

  /** What is acknowledged stays so: nobody has to wait for the time of such a checkpoint. */
  #isAllAcknowledged({ checkpoint }: Pending): boolean {
    const outstanding = this.#parts.receipts.outstanding(checkpoint)
    return outstanding.kind === 'offsets' && outstanding.offsets.length === 0
  }

  /** @returns undefined while it is not known what was acknowledged */
  #outstanding(pending: Pending): readonly number[] | undefined {
    const { checkpoint, acknowledged, isOfThisEpoch } = pending
    if (isOfThisEpoch) {
      const outstanding = this.#parts.receipts.outstanding(checkpoint)
      return outstanding.kind === 'wait' ? undefined : outstanding.offsets
    }
    if (!this.#isAllRead(pending)) return undefined
    return checkpoint.offsets.filter((offset) => !acknowledged.has(offset))
  }

  /** Whether every acknowledgement has been read that came in time: each goes through the timer. */
  #isAllRead(pending: Pending): boolean {
    const { receipts, timer, maxOffset } = this.#parts
    if (receipts.isForeignUnderWay(pending.checkpoint)) return false
    pending.timerOffset ??= timer.maxOffset()
    if (timer.addedOffset() < pending.timerOffset) return false
    // What came late is in the slot that is next.
    pending.slotMs ??= Math.max(visibleAt(pending.checkpoint), finite(timer.deliveredMs())) + timer.precisionMs
    if (timer.deliveredMs() < pending.slotMs) return false
    pending.reviveOffset ??= maxOffset()
    return this.#readOffset >= pending.reviveOffset
  }

  #acknowledged(queueOffset: number, key: string, offsets: readonly number[]): void {
    const { acknowledged } = this.#pending.get(key) ?? this.#early.get(key) ?? {}
    if (acknowledged !== undefined) for (const offset of offsets) acknowledged.add(offset)
    else {
      this.#early.set(key, { offset: queueOffset, acknowledged: new Set(offsets) })
      if (this.#early.size > earlyMax) this.#early.delete(this.#early.keys().next().value!)
    }
  }

  #close(key: string, { checkpoint, isOfThisEpoch }: Pending): void {
    this.#pending.delete(key)
    if (isOfThisEpoch) this.#parts.receipts.close(checkpoint)
    else this.#parts.receipts.closeForeign(checkpoint)
  }
}

function finite(ms: number): number {
  return Number.isFinite(ms) ? ms : 0
}
