import type { Clock, Log } from '@rocketmq-ts/platform'
import { type DataVersion, dataVersionBody, stringifyStandard } from '@rocketmq-ts/protocol'
import type { ConfigFile } from '@rocketmq-ts/storage'
import type { ChangeJournal } from './change-journal.ts'
import { DeferredSave } from './deferred-save.ts'

/** Where states are kept. */
export interface KeptFolder {
  readonly clock: Clock
  readonly log: Log
  file(name: string): ConfigFile
  journal(name: string): ChangeJournal
}

/** What is written of a state besides its file, so that a change lasts without all of it being written. */
export interface JournalFormat<Content, Change> {
  /** Name of the journal's file. */
  file: string
  /** Of the state as it is now; a change makes another one. */
  version(): DataVersion
  versionOf(content: Content): DataVersion
  /** One line. */
  format(change: Change): string
  /** @throws when the line is no such change */
  parse(line: string): Change
}

export interface KeptStateOptions<Content, Change> {
  /** Name of the file. */
  file: string
  /** @throws when the text is not what the file should hold */
  parse(text: string): Content
  /** The text of the state as it is now, in pieces; they may be asked for later, when the state is another one. */
  pieces(): Iterable<string>
  /** Milliseconds between two writes, at the least. */
  intervalMs: number
  /** Milliseconds that a change waits for others to be written with; 1 when left out. */
  gatherMs?: number
  journal?: JournalFormat<Content, Change>
}

/**
 * The one way in which a state is kept in a file of the configuration folder: read at the start, written in the
 * background at an interval when it changed, again and again when the disk is full, and at once when its owner closes.
 * With a journal, each change outlives the process from when it is noted.
 */
export class KeptState<Content, Change = never> {
  /** What the file held, without the changes of the journal; undefined without a file. */
  readonly content: Content | undefined
  /** The changes of the journal since then, in their order. */
  readonly changes: readonly Change[]
  readonly #save: DeferredSave
  readonly #journal: ChangeJournal | undefined
  readonly #format: JournalFormat<Content, Change> | undefined

  /** @throws Error when the file is there and cannot be used */
  constructor(folder: KeptFolder, options: KeptStateOptions<Content, Change>) {
    const { journal: format, pieces, intervalMs, gatherMs = 1 } = options
    const file = folder.file(options.file)
    const journal = format && folder.journal(format.file)
    this.#journal = journal
    this.#format = format
    this.content = file.load((text) => options.parse(text))
    const base = this.content === undefined ? undefined : format?.versionOf(this.content)
    this.changes = journal?.read(versionName(base)).map((line) => format!.parse(line)) ?? []
    this.#save = new DeferredSave({
      clock: folder.clock,
      log: folder.log,
      file,
      intervalMs,
      gatherMs,
      snapshot() {
        if (journal === undefined) return { pieces: pieces() }
        const mark = journal.mark(versionName(format!.version()))
        return { pieces: pieces(), written: () => journal.written(mark) }
      },
      ...(journal && { secure: () => journal.syncNow(), isNoted: () => journal.isComplete }),
    })
    if (this.changes.length > 0) this.#save.later()
  }

  /** Has a change outlive the process; one of `later` and `soon` has to follow. */
  note(change: Change): void {
    this.#journal?.append(this.#format!.format(change))
  }

  /** Something changed that nobody waits for. Cheap, for those who commit with each message. */
  later(): void {
    this.#save.later()
  }

  /**
   * Something changed that its author wants to last: it survives a power failure before this returns, unless the last
   * write was less than the interval ago. The death of the process it survives in any case.
   * @throws the file system's errors when it had to be written; that is then tried again later
   */
  soon(): void {
    this.#save.soon()
  }

  /**
   * Writes what is not written yet.
   * @throws the file system's errors; it is then tried again later
   */
  flush(): void {
    this.#save.flush()
  }

  /** Writes what is not written yet; nothing is written after it. */
  close(): void {
    try {
      this.#save.close()
    } finally {
      this.#journal?.close()
    }
  }
}

/** How a journal names a version of the state's file. */
function versionName(dataVersion: DataVersion | undefined): string {
  return dataVersion === undefined ? 'none' : stringifyStandard(dataVersionBody.toWritable(dataVersion))
}
