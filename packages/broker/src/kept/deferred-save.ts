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

/** What has to be on the disk before a table is. The file stays as it is when that fails. */
export interface Precondition {
  /** @throws Error when it cannot be met */
  now(): void
  /** Like `now`, without holding up the loop. */
  later(): Promise<void>
}

export interface DeferredSaveOptions {
  clock: Clock
  log: Log
  file: SavedFile
  /** Milliseconds between two writes, at the least. */
  intervalMs: number
  /** Milliseconds that a change which nobody waits for waits for others. */
  gatherMs: number
  snapshot(): Snapshot
  /** Met after the text is made, and before the file has it. */
  precondition?: Precondition | undefined
}

/** A write may take this share of the loop's time, whatever its size: a large table is written less often. */
const timeShareMax = 1 / 20
/** So long one waits for others who are told that something is gone, in milliseconds. */
const urgentMs = 1
/** Text is made for so long, in milliseconds, before others have their turn. */
const sliceMs = 2

/**
 * Decides when a table that changes often is written to its file. Changes that follow each other closely are written
 * together when the interval is over, so that a file that grows with each of 10,000 changes is not written 10,000 times;
 * that is done in the background, since the file of 100,000 topics takes a while.
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
  /** For those who wait until what changed is written: what is under way may not have it. */
  #nextSave: PromiseWithResolvers<void> | undefined
  /** One of them waits for no interval. */
  #isUrgent = false

  constructor(options: DeferredSaveOptions) {
    this.#options = options
  }

  /** Something changed that nobody waits for: written when the interval is over. */
  later(): void {
    this.#isChanged = true
    this.#arm()
  }

  /**
   * Resolves when all that changed until now is written, when its time has come.
   * @throws the file system's errors, and those of the precondition; it is then tried again later
   */
  saved(): Promise<void> {
    if (!this.#isChanged && !this.#isSavingLater) return Promise.resolve()
    // A save that is under way may have been begun before the last change.
    this.#isChanged = true
    this.#nextSave ??= Promise.withResolvers()
    this.#arm()
    return this.#nextSave.promise
  }

  /** Like `saved`, and waits for no interval: for those who were told that something is gone. All who ask at once share it. */
  savedSoon(): Promise<void> {
    if (!this.#isChanged && !this.#isSavingLater) return Promise.resolve()
    this.#isUrgent = true
    this.#disarm()
    return this.saved()
  }

  /**
   * Writes what is not written yet.
   * @throws the file system's errors, and those of the precondition; it is then tried again later
   */
  flush(): void {
    this.#disarm()
    // What is under way would end after this returns.
    if (!this.#isChanged && !this.#isSavingLater) return
    const { clock, file, snapshot, precondition } = this.#options
    const startMs = clock.monotonic()
    this.#isChanged = true
    const waiting = this.#takeWaiting()
    try {
      const { pieces, written } = snapshot()
      const text = [...pieces].join('')
      precondition?.now()
      file.save(text)
      written?.()
      this.#isChanged = false
      waiting?.resolve()
    } catch (error) {
      waiting?.reject(error)
      throw error
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
    const waitMs = this.#isUrgent ? urgentMs : Math.max(this.#nextWriteMs - clock.monotonic(), gatherMs)
    this.#cancelTimer = clock.after(waitMs, () => {
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
    const waiting = this.#takeWaiting()
    try {
      const { pieces, written } = snapshot()
      loopTime.ms = clock.monotonic() - startMs
      if (await file.saveLater(this.#contentOf(pieces, loopTime))) written?.()
      // Otherwise a `flush` has come meanwhile, and has written what is newer.
      waiting?.resolve()
    } catch (error) {
      this.#isChanged = true
      waiting?.reject(error)
      throw error
    } finally {
      this.#isSavingLater = false
      this.#written(loopTime.ms)
    }
  }

  /**
   * The bytes of the pieces, a slice in each turn of the loop: of a large table no more is in memory. The last one comes
   * when the file may get its name.
   */
  async *#contentOf(pieces: Iterable<string>, loopTime: { ms: number }): AsyncIterable<Uint8Array> {
    const { clock, precondition } = this.#options
    let texts: string[] = []
    let startMs = clock.monotonic()
    const sliceOf = (): Buffer => {
      const slice = Buffer.from(texts.join(''), 'utf8')
      texts = []
      loopTime.ms += clock.monotonic() - startMs
      return slice
    }
    for (const piece of pieces) {
      texts.push(piece)
      if (clock.monotonic() - startMs < sliceMs) continue
      yield sliceOf()
      await new Promise<void>((resolve) => clock.nextTurn(resolve))
      startMs = clock.monotonic()
    }
    const last = sliceOf()
    await precondition?.later()
    yield last
  }

  #takeWaiting(): PromiseWithResolvers<void> | undefined {
    const waiting = this.#nextSave
    this.#nextSave = undefined
    this.#isUrgent = false
    return waiting
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
