import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import type { ColdData } from '@rocketmq-ts/protocol'
import { isSystemGroup, predefinedGroups } from '../groups/index.ts'

export interface ColdReadSettings {
  coldDataFlowControlEnable: boolean
  cgColdReadThreshold: number
  globalColdReadThreshold: number
}

interface ColdReadsOfGroup {
  bytes: number
  firstMs: number
  lastMs: number
}

/** Milliseconds after which bytes are counted anew, and who waits goes on. */
const periodMs = 5000
/** Milliseconds after which a group is forgotten that read nothing old. */
const forgottenAfterMs = 60_000
/** Groups for which a threshold can be set. */
export const thresholdsMax = 10_000
/** Pulls that wait at a time, as many as in the official broker. */
const waitingMax = 10_000

const ownGroups: ReadonlySet<string> = new Set(predefinedGroups)

/**
 * Limits how much is read of old messages, so that groups that catch up leave the disk to the others. Old is what is not
 * in memory any more. Who has read as much as is allowed waits until bytes are counted anew.
 */
export class ColdReadLimits {
  readonly #clock: Clock
  readonly #settings: () => ColdReadSettings
  readonly #groups = new Map<string, ColdReadsOfGroup>()
  readonly #thresholds = new Map<string, number>()
  #totalBytes = 0
  #waiting: (() => void)[] = []
  #isClosed = false
  #cancelTimer: CancelTimer = () => {}

  constructor(clock: Clock, settings: () => ColdReadSettings) {
    this.#clock = clock
    this.#settings = settings
  }

  start(): void {
    this.#cancelTimer = this.#clock.every(periodMs, () => this.#countAnew())
  }

  /** Nobody waits any more. */
  close(): void {
    this.#isClosed = true
    this.#cancelTimer()
    this.#release()
  }

  /** Requests that wait until they may read. */
  get waitingCount(): number {
    return this.#waiting.length
  }

  /** Whether a group has read so much that it has to wait before it reads more of what is old. */
  isLimited(group: string): boolean {
    const { coldDataFlowControlEnable, cgColdReadThreshold, globalColdReadThreshold } = this.#settings()
    if (!coldDataFlowControlEnable || this.#isClosed) return false
    const read = this.#groups.get(group)
    if (read === undefined) return false
    const threshold = this.#thresholds.get(group) ?? cgColdReadThreshold
    return read.bytes >= threshold || this.#totalBytes >= globalColdReadThreshold
  }

  /**
   * Calls back when bytes are counted anew. All that wait go on then: each may read little.
   * @returns false when too many wait
   */
  whenCountedAnew(callback: () => void): boolean {
    if (this.#waiting.length >= waitingMax) return false
    this.#waiting.push(callback)
    return true
  }

  /** A group read old messages. */
  note(group: string, byteCount: number): void {
    if (byteCount === 0 || !this.#settings().coldDataFlowControlEnable) return
    if (ownGroups.has(group) || isSystemGroup(group)) return
    const nowMs = this.#clock.now()
    this.#totalBytes += byteCount
    const read = this.#groups.get(group)
    if (read === undefined) this.#groups.set(group, { bytes: byteCount, firstMs: nowMs, lastMs: nowMs })
    else {
      read.bytes += byteCount
      read.lastMs = nowMs
    }
  }

  /** @returns false when thresholds of so many groups are set that there is no room for another one */
  setThreshold(group: string, bytes: number): boolean {
    if (this.#thresholds.size >= thresholdsMax && !this.#thresholds.has(group)) return false
    this.#thresholds.set(group, bytes)
    return true
  }

  removeThreshold(group: string): void {
    this.#thresholds.delete(group)
  }

  state(): ColdData {
    const { cgColdReadThreshold, globalColdReadThreshold } = this.#settings()
    return {
      runtimeTable: new Map(
        [...this.#groups].map(([group, { bytes, firstMs, lastMs }]) => [
          group,
          { coldAcc: bytes, lastColdReadTimeMills: lastMs, createTimeMills: firstMs },
        ]),
      ),
      configTable: new Map(this.#thresholds),
      cgColdReadThreshold,
      globalColdReadThreshold,
      globalAcc: this.#totalBytes,
    }
  }

  #countAnew(): void {
    const beforeMs = this.#clock.now() - forgottenAfterMs
    for (const [group, read] of this.#groups) {
      if (read.lastMs <= beforeMs) this.#groups.delete(group)
      else read.bytes = 0
    }
    this.#totalBytes = 0
    this.#release()
  }

  #release(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const callback of waiting) callback()
  }
}
