import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import type { ConfigFile } from '@rocketmq-ts/storage'

/** A table as it is at one moment, as text for its file. */
export interface Snapshot {
  /** The text in pieces, one behind the other. They may be asked for later, when the table is another one. */
  pieces: Iterable<string>
  /** Told when the file holds it. */
  written?(): void
}

/** What the text goes to. */
export type SavedFile = Pick<ConfigFile, 'path' | 'save' | 'saveLater'>

export interface DeferredSaveOptions {
  clock: Clock
  log: Log
  file: SavedFile
  /** Milliseconds between two writes, at the least. */
  intervalMs: number
  /** Milliseconds that a change which nobody waits for waits for others. */
  gatherMs: number
  snapshot(): Snapshot
  /** Makes what changed outlive a power failure without the whole table being written; false when that fails. */
  secure?(): boolean
  /** Whether what changed outlives the process without the table being written; without it nobody asks. */
  isNoted?(): boolean
}

/** A write may take this share of the loop's time, whatever its size: a large table is written less often. */
const timeShareMax = 1 / 20
/** Text is made for so long, in milliseconds, before others have their turn. */
const sliceMs = 2

/**
 * Decides when a table that changes often is written to its file. Changes that follow each other closely are written
 * together when the interval is over, so that a file that grows with each of 10,000 changes is not written 10,000 times;
 * that is done in the background, since the file of 100,000 topics takes a while. A change whose author wants it to last
 * is made to when it comes alone.
 */
export class DeferredSave {
  readonly #options: DeferredSaveOptions
  #isChanged = false
  /** The file is being written in the background. */
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
   * Something changed that its author wants to last: it is secured, or written when it cannot be, before this returns,
   * unless the last write was less than the interval ago. Then it outlives the process at least.
   * @throws the file system's errors when it is written; that is then tried again later
   */
  soon(): void {
    this.#isChanged = true
    const { clock, secure, isNoted } = this.#options
    const isAlone = clock.monotonic() >= this.#nextWriteMs
    if (isAlone ? secure?.() !== true : isNoted?.() === false) this.flush()
    else this.#arm()
  }

  /**
   * Writes what is not written yet.
   * @throws the file system's errors; it is then tried again later
   */
  flush(): void {
    this.#disarm()
    // What is under way would end after this returns.
    if (!this.#isChanged && !this.#isSavingLater) return
    const { clock, file, snapshot } = this.#options
    const startMs = clock.monotonic()
    this.#isChanged = true
    try {
      const { pieces, written } = snapshot()
      file.save([...pieces].join(''))
      written?.()
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
    const { clock, gatherMs } = this.#options
    this.#cancelTimer = clock.after(Math.max(this.#nextWriteMs - clock.monotonic(), gatherMs), () => {
      this.#cancelTimer = undefined
      void this.#flushInBackground()
    })
  }

  async #flushInBackground(): Promise<void> {
    try {
      await this.#saveLater()
    } catch (error) {
      // A full disk fails each attempt, and its log lines would take what space there is.
      if (!this.#isFailing) {
        this.#options.log.error(
          { err: error },
          `${this.#options.file.path} could not be written: it will be tried again`,
        )
      }
      this.#isFailing = true
      return
    }
    if (this.#isFailing)
      this.#options.log.info({}, `${this.#options.file.path} was written, after attempts that failed`)
    this.#isFailing = false
  }

  async #saveLater(): Promise<void> {
    const { clock, file, snapshot } = this.#options
    const startMs = clock.monotonic()
    const loopTime = { ms: 0 }
    this.#isChanged = false
    this.#isSavingLater = true
    try {
      const { pieces, written } = snapshot()
      loopTime.ms = clock.monotonic() - startMs
      if (await file.saveLater(this.#contentOf(pieces, loopTime))) written?.()
    } catch (error) {
      this.#isChanged = true
      throw error
    } finally {
      this.#isSavingLater = false
      this.#written(loopTime.ms)
    }
  }

  /** Puts the pieces together, a slice in each turn of the loop. */
  async #contentOf(pieces: Iterable<string>, loopTime: { ms: number }): Promise<Uint8Array> {
    const { clock } = this.#options
    const slices: Buffer[] = []
    let texts: string[] = []
    let startMs = clock.monotonic()
    const endSlice = (): void => {
      slices.push(Buffer.from(texts.join(''), 'utf8'))
      texts = []
      loopTime.ms += clock.monotonic() - startMs
    }
    for (const piece of pieces) {
      texts.push(piece)
      if (clock.monotonic() - startMs < sliceMs) continue
      endSlice()
      await new Promise<void>((resolve) => clock.nextTurn(resolve))
      startMs = clock.monotonic()
    }
    endSlice()
    return Buffer.concat(slices)
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
