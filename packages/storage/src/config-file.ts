import { assert } from '@rocketmq-ts/base'
import type { FileContent, FileSystem, Log } from '@rocketmq-ts/platform'
import { replaceFile, replaceFileLater } from '@rocketmq-ts/platform'

/** A file and its `.bak` are both damaged. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError'
}

/** A file of settings or progress that is replaced as a whole; the previous content is kept as `.bak`. */
export class ConfigFile {
  readonly #fileSystem: FileSystem
  readonly #log: Log
  readonly path: string
  /** Whether the file was found damaged: it must not become the `.bak`. */
  #isDamaged = false
  /** Counts the saves: the newest one wins. */
  #saveCount = 0
  #isSavingLater = false

  constructor(fileSystem: FileSystem, path: string, log: Log) {
    this.#fileSystem = fileSystem
    this.path = path
    this.#log = log
  }

  /**
   * Reads the file, or its `.bak` when the file is missing, empty or damaged.
   * @param parse throws when the text is not what the file should hold
   * @returns undefined when neither exists
   * @throws DamagedFileError when what exists of the two is damaged: starting empty would lose what they hold
   */
  load<Value>(parse: (text: string) => Value): Value | undefined {
    const problems: string[] = []
    for (const path of [this.path, `${this.path}.bak`]) {
      const bytes = this.#fileSystem.readFile(path)
      if (bytes === undefined) continue
      try {
        if (bytes.length === 0) throw new Error('it is empty')
        const value = parse(bytes.toString('utf8'))
        if (path !== this.path) {
          this.#isDamaged = true
          this.#log.warn({ path, problems }, `${this.path} could not be used: the copy before its last change was read`)
        }
        return value
      } catch (error) {
        problems.push(`${path}: ${(error as Error).message}`)
      }
    }
    if (problems.length === 0) return undefined
    throw new DamagedFileError(
      `no usable content: ${problems.join('; ')}. Restore one of the files, or delete them to start empty`,
    )
  }

  /** @throws the file system's errors */
  save(text: string): void {
    this.#saveCount++
    replaceFile(this.#fileSystem, this.path, Buffer.from(text, 'utf8'), this.#backupPath)
    this.#isDamaged = false
  }

  /**
   * Like `save`, without blocking the loop; one at a time. A `save` that comes meanwhile wins: this one then changes
   * nothing more.
   * @param text or its bytes, which may come in parts
   * @returns whether the file holds this content now
   */
  async saveLater(text: string | FileContent): Promise<boolean> {
    assert(!this.#isSavingLater, `${this.path} is being saved already`)
    this.#isSavingLater = true
    const number = ++this.#saveCount
    const isNewest = (): boolean => number === this.#saveCount
    try {
      const content = typeof text === 'string' ? Buffer.from(text, 'utf8') : text
      await replaceFileLater(this.#fileSystem, this.path, content, this.#backupPath, isNewest)
      if (!isNewest()) return false
      this.#isDamaged = false
      return true
    } finally {
      this.#isSavingLater = false
    }
  }

  get #backupPath(): string | undefined {
    return this.#isDamaged ? undefined : `${this.path}.bak`
  }
}
