import { dirname } from 'node:path'
import { type FileHandle, type FileSystem, type Log, replaceFile } from '@rocketmq-ts/platform'
import { decodeLines, encodeLine, encodeLines } from './journal-lines.ts'

/** How far a journal was when the table's file was begun to be written. */
export interface JournalMark {
  /** The version of the table that the file will hold. */
  base: string
  changeCount: number
  /** Where the changes begin that the file will not hold, and the sum before; undefined when nothing says so. */
  end: { position: number; sum: number } | undefined
}

/** What goes before the name of a version within a journal; no change begins with it. */
const markSign = '='
/** Changes that the table's file holds are taken out of the middle of a journal when they are more bytes than this. */
const outdatedBytesMax = 1 << 20

/**
 * Changes of a table since its file was last written, so that a change outlives the process without the whole table
 * being written for it. The lines are those of `journal-lines.ts`. The first names the version of the file that the
 * changes belong to; each further line is one change, or `=` and the version of a file that was begun to be written
 * there: the changes behind it belong to that version, if it is the one that is found. With any other version of the file
 * (an official broker wrote it since) the changes do not count.
 */
export class ChangeJournal {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #log: Log
  #file: FileHandle | undefined
  #endPosition = 0
  /** Of the last line. */
  #sum = 0
  #base = ''
  #isNameSynced = false
  /**
   * Counts the changes; of those, the last that the table's file holds, the last that the journal misses, and the last
   * that survives a power failure here.
   */
  #changeCount = 0
  #changesInFile = 0
  #missingChange = 0
  #syncedChange = 0
  /** A sync failed: systems forget then what they could not write, and the next sync succeeds without it. */
  #isDoubtful = false
  /** The last change could not be written, and that was told. */
  #isFailing = false
  #syncing: Promise<boolean> | undefined
  /** The sync that follows the one that is under way. */
  #nextSync: Promise<boolean> | undefined

  constructor(fileSystem: FileSystem, path: string, log: Log) {
    this.#fileSystem = fileSystem
    this.#path = path
    this.#log = log
  }

  /**
   * The changes that belong to the version `base` of the table's file, in their order; goes on behind them. They end
   * where a line was being written when the process died, or was not synced when the power failed.
   */
  read(base: string): string[] {
    this.#base = base
    const bytes = this.#fileSystem.readFile(this.#path) ?? Buffer.alloc(0)
    const { texts, endPosition, sum } = decodeLines(bytes)
    const baseLine = Math.max(texts.lastIndexOf(`${markSign}${base}`), texts[0] === base ? 0 : -1)
    if (baseLine < 0) return []
    if (endPosition < bytes.length) {
      const fields = { path: this.#path, position: endPosition, byteCount: bytes.length - endPosition }
      this.#log.warn(fields, 'the end of the journal is left out: it was not written as a whole')
    }
    const changes = texts.slice(baseLine + 1).filter((text) => !text.startsWith(markSign))
    if (changes.length === 0) return []
    this.#endPosition = endPosition
    this.#sum = sum
    this.#changeCount = changes.length
    return changes
  }

  /**
   * Adds a change, without line ends in it. It survives the death of the process. When it cannot be written, that is
   * said, and the change is as safe as the table's file, which its owner writes soon after each change.
   */
  append(change: string): void {
    this.#changeCount++
    if (!this.#add(change)) this.#missingChange = this.#changeCount
  }

  /** Whether every change is here or in the table's file. */
  get isComplete(): boolean {
    return this.#missingChange <= this.#changesInFile
  }

  /** Whether all changes survive a power failure, here or in the table's file. */
  get isSynced(): boolean {
    return Math.max(this.#syncedChange, this.#changesInFile) === this.#changeCount && this.isComplete
  }

  /**
   * Makes the changes so far survive a power failure. All that come while a sync is under way wait for one more.
   * @returns false when they do not, since one could not be written or synced: the table's file has to be written
   */
  sync(): Promise<boolean> {
    if (this.isSynced) return Promise.resolve(true)
    if (this.#syncing === undefined) {
      this.#syncing = this.#sync().finally(() => {
        this.#syncing = undefined
      })
      return this.#syncing
    }
    this.#nextSync ??= this.#syncing.then(() => {
      this.#nextSync = undefined
      return this.sync()
    })
    return this.#nextSync
  }

  async #sync(): Promise<boolean> {
    if (!this.isComplete) return false
    const change = this.#changeCount
    try {
      await this.#open().syncData()
      if (!this.#isNameSynced) await this.#fileSystem.syncFolderLater(dirname(this.#path))
      this.#isNameSynced = true
      this.#syncedChange = Math.max(this.#syncedChange, change)
      return true
    } catch (error) {
      this.#missingChange = this.#changeCount
      this.#isDoubtful = true
      this.#log.error({ err: error, path: this.#path }, 'the journal could not be synced: its table is written instead')
      return false
    }
  }

  /** The table's file is about to be written with all changes so far, as version `base`; there may be more meanwhile. */
  mark(base: string): JournalMark {
    const isIn = this.#add(`${markSign}${base}`)
    const end = isIn ? { position: this.#endPosition, sum: this.#sum } : undefined
    return { base, changeCount: this.#changeCount, end }
  }

  /**
   * The table's file was written with the changes up to the mark, the last one that was set.
   * @throws the file system's errors
   */
  written({ base, changeCount, end }: JournalMark): void {
    this.#changesInFile = changeCount
    if (changeCount === this.#changeCount) {
      if (this.#endPosition > 0) this.#open().truncate(0)
      this.#beginAnew(base)
    } else if (end === undefined) {
      // Nothing says that the changes behind the mark belong to this version.
      this.#missingChange = this.#changeCount
      this.#beginAnew(base)
    } else if (this.#isDoubtful || end.position > outdatedBytesMax) {
      // What is found may not be what was written: only the next file holds it for certain.
      if (this.#isDoubtful) this.#missingChange = this.#changeCount
      this.#keepFrom(end.position, end.sum, base)
    }
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  #beginAnew(base: string): void {
    this.#base = base
    this.#endPosition = 0
    this.#sum = 0
    this.#isDoubtful = false
  }

  #keepFrom(position: number, sumBefore: number, base: string): void {
    const changes = Buffer.alloc(this.#endPosition - position)
    this.#open().read(changes, position)
    const { bytes, sum } = encodeLines([base, ...decodeLines(changes, sumBefore).texts])
    replaceFile(this.#fileSystem, this.#path, bytes)
    this.close()
    this.#base = base
    this.#endPosition = bytes.length
    this.#sum = sum
    this.#isNameSynced = true
    this.#isDoubtful = false
  }

  /** @returns whether the line was written; it is said when not */
  #add(line: string): boolean {
    try {
      const file = this.#open()
      if (this.#endPosition === 0) {
        file.truncate(0)
        this.#write(file, this.#base)
      }
      this.#write(file, line)
      this.#isFailing = false
      return true
    } catch (error) {
      // There may be very many changes while a disk is full, and their log lines would take what space there is.
      if (!this.#isFailing) {
        this.#log.error(
          { err: error, path: this.#path },
          'changes cannot be written to the journal: they last once the file that the journal belongs to is written',
        )
      }
      this.#isFailing = true
      return false
    }
  }

  #write(file: FileHandle, line: string): void {
    const { bytes, sum } = encodeLine(line, this.#sum)
    file.write(bytes, this.#endPosition)
    this.#endPosition += bytes.length
    this.#sum = sum
  }

  #open(): FileHandle {
    if (this.#file === undefined) {
      this.#file = this.#fileSystem.open(this.#path, 'create')
      if (this.#endPosition > 0) this.#file.truncate(this.#endPosition)
    }
    return this.#file
  }
}
