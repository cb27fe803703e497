import type { FileHandle, FileSystem, Log } from '@rocketmq-ts/platform'

/**
 * Changes of a table since its file was last written, so that a change outlives the process without the whole table
 * being written for it. The first line names the version of the file that the changes belong to; each further line is
 * one change. With any other version of the file (an official broker wrote it since) the changes do not count.
 */
export class ChangeJournal {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #log: Log
  #file: FileHandle | undefined
  #endPosition = 0
  #base = ''

  constructor(fileSystem: FileSystem, path: string, log: Log) {
    this.#fileSystem = fileSystem
    this.#path = path
    this.#log = log
  }

  /**
   * The changes that belong to the version `base` of the table's file, in their order; goes on behind them.
   * A last line that is not ended was being written when the process died: nobody was told of it.
   */
  read(base: string): string[] {
    this.#base = base
    const bytes = this.#fileSystem.readFile(this.#path) ?? Buffer.alloc(0)
    // Counted in bytes: damaged ones, which are no UTF-8, have another length as text.
    const endPosition = bytes.lastIndexOf('\n') + 1
    const [first, ...changes] = bytes.toString('utf8', 0, Math.max(0, endPosition - 1)).split('\n')
    if (first !== base || changes.length === 0) return []
    if (endPosition < bytes.length)
      this.#log.warn({ path: this.#path }, 'a change that was being written is left out: it was not confirmed')
    this.#endPosition = endPosition
    return changes
  }

  /**
   * Adds a change, without line ends in it. It survives the death of the process. When it cannot be written, that is
   * said, and the change is as safe as the table's file, which its owner writes soon after each change.
   */
  append(change: string): void {
    try {
      const file = this.#open()
      if (this.#endPosition === 0) {
        file.truncate(0)
        this.#write(file, this.#base)
      }
      this.#write(file, change)
    } catch (error) {
      this.#log.error(
        { err: error, path: this.#path },
        'a change could not be written to the journal: it lasts once the file that the journal belongs to is written',
      )
    }
  }

  /** The table's file was written with everything up to now, as version `base`. */
  restart(base: string): void {
    this.#base = base
    if (this.#endPosition === 0) return
    this.#open().truncate(0)
    this.#endPosition = 0
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  #write(file: FileHandle, line: string): void {
    const bytes = Buffer.from(`${line}\n`, 'utf8')
    file.write(bytes, this.#endPosition)
    this.#endPosition += bytes.length
  }

  #open(): FileHandle {
    if (this.#file === undefined) {
      this.#file = this.#fileSystem.open(this.#path, 'create')
      if (this.#endPosition > 0) this.#file.truncate(this.#endPosition)
    }
    return this.#file
  }
}
