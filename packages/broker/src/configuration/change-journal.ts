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
    const text = this.#fileSystem.readFile(this.#path)?.toString('utf8') ?? ''
    const lines = text.split('\n')
    const isTorn = lines.pop() !== ''
    const [first, ...changes] = lines
    if (first !== base || changes.length === 0) return []
    if (isTorn)
      this.#log.warn({ path: this.#path }, 'a change that was being written is left out: it was not confirmed')
    this.#endPosition = Buffer.byteLength(`${lines.join('\n')}\n`)
    return changes
  }

  /**
   * Adds a change, without line ends in it. It survives the death of the process.
   * @throws the file system's errors
   */
  append(change: string): void {
    const file = this.#open()
    if (this.#endPosition === 0) {
      file.truncate(0)
      this.#write(file, this.#base)
    }
    this.#write(file, change)
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
