import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'

export interface DeferredSaveOptions {
  clock: Clock
  log: Log
  /** What is saved, for log lines. */
  name: string
  /** Milliseconds between two writes, at the least. */
  intervalMs: number
  /** Writes everything; throws when it cannot. */
  save(): void
  /** The same without holding up the loop. A `save` may come meanwhile and counts. Without it, `save` is called instead. */
  saveLater?(): Promise<void>
}

/** A write may take this share of the loop's time, whatever its size: a large table is written less often. */
const timeShareMax = 1 / 20

/**
 * Decides when a table that changes often is written to its file. A change that comes alone is written at once; of
 * changes that follow each other closely, those after the first are written together when the interval is over. So a
 * file that grows with each of 10,000 changes is not written 10,000 times.
 */
export class DeferredSave {
  readonly #options: DeferredSaveOptions
  #isChanged = false
  /** `saveLater` is under way. */
  #isSavingLater = false
  #isClosed = false
  /** The last attempt in the background failed, and that was told. */
  #isFailing = false
  #cancelTimer: CancelTimer | undefined
  /** By the monotonic clock. */
  #nextWriteMs = Number.NEGATIVE_INFINITY

  constructor(options: DeferredSaveOptions) {
    this.#options = options
  }

  /** Something changed that nobody waits for: written when the interval is over. */
  later(): void {
    this.#isChanged = true
    this.#arm()
  }

  /**
   * Something changed that its author wants to last: written before this returns, unless the last write was less than
   * the interval ago.
   * @throws what `save` throws; the change is then tried again later
   */
  soon(): void {
    this.#isChanged = true
    if (this.#options.clock.monotonic() < this.#nextWriteMs) {
      this.#arm()
      return
    }
    this.flush()
  }

  /**
   * Writes what is not written yet.
   * @throws what `save` throws; it is then tried again later
   */
  flush(): void {
    this.#disarm()
    // What is under way would end after this returns.
    if (!this.#isChanged && !this.#isSavingLater) return
    const { clock, save } = this.#options
    const startMs = clock.monotonic()
    this.#isChanged = true
    try {
      save()
      this.#isChanged = false
    } finally {
      this.#written(clock.monotonic() - startMs)
    }
  }

  /** Writes what is not written yet; nothing is written after it. */
  close(): void {
    this.#isClosed = true
    try {
      this.flush()
    } finally {
      this.#disarm()
    }
  }

  /** @param tookMs of the loop's time */
  #written(tookMs: number): void {
    const { clock, intervalMs } = this.#options
    this.#nextWriteMs = clock.monotonic() + Math.max(intervalMs, tookMs / timeShareMax)
    if (this.#isChanged) this.#arm()
  }

  #arm(): void {
    if (this.#cancelTimer !== undefined || this.#isSavingLater || this.#isClosed) return
    const { clock } = this.#options
    this.#cancelTimer = clock.after(Math.max(this.#nextWriteMs - clock.monotonic(), 1), () => {
      this.#cancelTimer = undefined
      void this.#flushInBackground()
    })
  }

  async #flushInBackground(): Promise<void> {
    try {
      if (this.#options.saveLater === undefined) this.flush()
      else await this.#saveLater(this.#options.saveLater)
    } catch (error) {
      // A full disk fails each attempt, and its log lines would take what space there is.
      if (!this.#isFailing) {
        this.#options.log.error({ err: error }, `${this.#options.name} could not be written: it will be tried again`)
      }
      this.#isFailing = true
      return
    }
    if (this.#isFailing) this.#options.log.info({}, `${this.#options.name} was written, after attempts that failed`)
    this.#isFailing = false
  }

  async #saveLater(saveLater: () => Promise<void>): Promise<void> {
    const { clock } = this.#options
    const startMs = clock.monotonic()
    this.#isChanged = false
    this.#isSavingLater = true
    let tookMs = 0
    try {
      const saving = saveLater()
      tookMs = clock.monotonic() - startMs
      await saving
    } catch (error) {
      this.#isChanged = true
      throw error
    } finally {
      this.#isSavingLater = false
      this.#written(tookMs)
    }
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
