import type { Clock, Log } from '@rocketmq-ts/platform'
import { type DataVersion, dataVersionBody, stringifyStandard } from '@rocketmq-ts/protocol'
import type { ConfigFile } from '@rocketmq-ts/storage'
import type { ChangeJournal } from './change-journal.ts'
import { DeferredSave, type Precondition } from './deferred-save.ts'

/** The log of messages that a state may point into. */
export interface SyncedLog {
  /** Makes all that is stored survive a power failure. @returns false when the disk refuses */
  syncLog(): Promise<boolean>
  syncLogNow(): boolean
}

/** Where states are kept. */
export interface KeptFolder {
  readonly clock: Clock
  readonly log: Log
  readonly messages: SyncedLog
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
  /**
   * Whether the state says how far messages were read, delivered or consumed. Then the log is synced before the file is
   * written: after a power failure the file never passes by a message that was lost, or came of one that was delivered.
   */
  isProgress: boolean
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
  readonly #clock: Clock
  readonly #intervalMs: number
  #securedAtMs = Number.NEGATIVE_INFINITY
  readonly #save: DeferredSave
  readonly #journal: ChangeJournal | undefined
  readonly #format: JournalFormat<Content, Change> | undefined

  /** @throws Error when the file is there and cannot be used */
  constructor(folder: KeptFolder, options: KeptStateOptions<Content, Change>) {
    const { journal: format, pieces, intervalMs, gatherMs = 1, isProgress } = options
    this.#clock = folder.clock
    this.#intervalMs = intervalMs
    const file = folder.file(options.file)
    const journal = format && folder.journal(format.file)
    this.#journal = journal
    this.#format = format
    const { content, changes } = readFrom(file, journal, options)
    this.content = content
    this.changes = changes
    this.#save = new DeferredSave({
      clock: folder.clock,
      log: folder.log,
      file,
      intervalMs,
      gatherMs,
      precondition: isProgress ? logSynced(folder.messages, file.path) : undefined,
      snapshot() {
        if (journal === undefined) return { pieces: pieces() }
        const mark = journal.mark(versionName(format!.version()))
        return { pieces: pieces(), written: () => journal.written(mark) }
      },
    })
    if (this.changes.length > 0) this.#save.later()
  }

  /** Has a change outlive the process; `later` has to follow. */
  note(change: Change): void {
    this.#journal?.append(this.#format!.format(change))
  }

  /** Something changed that nobody waits for. Cheap, for those who commit with each message. */
  later(): void {
    this.#save.later()
  }

  /** Whether all that was noted survives a failure of the power. */
  get isSecured(): boolean {
    return this.#journal?.isSynced === true
  }

  /**
   * Resolves when all that changed until now survives a failure of the power: those who change something at once wait for
   * one sync of the journal, or, when it could not be written, for the next write of the file.
   * @throws the file system's errors, and Error when it is progress and the log cannot be synced; it is then tried again
   *   later
   */
  async secured(): Promise<void> {
    this.#securedAtMs = this.#clock.monotonic()
    if ((await this.#journal?.sync()) !== true) await this.#save.saved()
  }

  /**
   * Like `secured`, unless somebody asked less than the interval ago: then what changed survives the death of the process,
   * and a failure of the power once the interval is over. Each of many changes, made one after the other, would otherwise
   * wait for the disk.
   */
  async securedWhenAlone(): Promise<void> {
    const isAlone = this.#clock.monotonic() - this.#securedAtMs >= this.#intervalMs
    if (isAlone || this.#journal?.isComplete !== true) await this.secured()
  }

  /**
   * Resolves when all that changed until now is as safe as the flush mode says: `secured` with SYNC_FLUSH, and
   * `securedWhenAlone` otherwise.
   */
  confirmed(flushMode: 'SYNC_FLUSH' | 'ASYNC_FLUSH'): Promise<void> {
    return flushMode === 'SYNC_FLUSH' ? this.secured() : this.securedWhenAlone()
  }

  /**
   * Resolves when the file holds all that changed until now, when its time has come.
   * @throws as `secured` does
   */
  written(): Promise<void> {
    return this.#save.saved()
  }

  /**
   * Like `written`, and waits for no interval. Without a journal, what was removed would otherwise be back
   * after the death of the process.
   * @throws as `secured` does
   */
  writtenSoon(): Promise<void> {
    return this.#save.savedSoon()
  }

  /**
   * Writes what is not written yet.
   * @throws the file system's errors, and Error when it is progress and the log cannot be synced; it is then tried again
   *   later
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

/** What the files of a state held when the last process wrote them. */
export interface KeptContent<Content, Change> {
  /** What the file held, without the changes of the journal; undefined without a file. */
  content: Content | undefined
  changes: Change[]
}

/** How the files of a state are read. */
export type KeptFormat<Content, Change> = Pick<KeptStateOptions<Content, Change>, 'file' | 'parse'> & {
  journal?: Pick<JournalFormat<Content, Change>, 'file' | 'versionOf' | 'parse'>
}

/**
 * Reads the files of a state that somebody else keeps, and changes nothing.
 * @throws Error when the file is there and cannot be used
 */
export function contentOfKept<Content, Change>(
  folder: Pick<KeptFolder, 'file' | 'journal'>,
  format: KeptFormat<Content, Change>,
): KeptContent<Content, Change> {
  return readFrom(folder.file(format.file), format.journal && folder.journal(format.journal.file), format)
}

function readFrom<Content, Change>(
  file: ConfigFile,
  journal: ChangeJournal | undefined,
  format: KeptFormat<Content, Change>,
): KeptContent<Content, Change> {
  const content = file.load((text) => format.parse(text))
  const base = content === undefined ? undefined : format.journal?.versionOf(content)
  return { content, changes: journal?.read(versionName(base)).map((line) => format.journal!.parse(line)) ?? [] }
}

function logSynced(messages: SyncedLog, path: string): Precondition {
  const refuseUnless = (isSynced: boolean): void => {
    if (isSynced) return
    throw new Error(`the log of messages cannot be synced, and ${path} must not pass by what a power failure may take`)
  }
  return {
    now: () => refuseUnless(messages.syncLogNow()),
    later: async () => refuseUnless(await messages.syncLog()),
  }
}

/** How a journal names a version of the state's file. */
function versionName(dataVersion: DataVersion | undefined): string {
  return dataVersion === undefined ? 'none' : stringifyStandard(dataVersionBody.toWritable(dataVersion))
}
