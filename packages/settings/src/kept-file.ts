import { type FileSystem, makeFolderOf, replaceFile } from '@rocketmq-ts/platform'
import { JavaPropertiesError, parseJavaProperties, replaceJavaProperties } from '@rocketmq-ts/protocol'

/** A change could not be written to its file, so it was not made. The message says what to do. */
export class SettingsNotKeptError extends Error {
  override readonly name = 'SettingsNotKeptError'
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'it is on a file system that is read-only',
  EACCES: 'this process may not write there',
  EPERM: 'this process may not write there',
  EBUSY: 'it is mounted by itself: mount its folder instead',
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return reasons[code ?? ''] ?? message
}

/**
 * The .properties file in which changes by requests are kept, and which each start reads. Everything else in it stays:
 * comments, other keys, and the order of the lines. The content before the last change is in `<path>.bak`.
 */
export class KeptFile {
  readonly path: string
  readonly #fileSystem: FileSystem
  #isThere: boolean

  /** @param path absolute; links are not followed */
  constructor(fileSystem: FileSystem, path: string) {
    this.path = path
    this.#fileSystem = fileSystem
    this.#isThere = fileSystem.status(path) !== undefined
  }

  /**
   * Writes the values of keys. After a crash or a power failure the file has all of them or none. Once this has
   * returned, it has all of them.
   *
   * @param keys keys that are added when the file lacks them; other keys of `values` are only changed where they are
   * @throws SettingsNotKeptError when the file cannot be written; its message says when the file may have changed
   */
  keep(values: ReadonlyMap<string, string>, keys: readonly string[]): void {
    const previous = this.#read()
    // Each character of this text is a byte of the file, so unchanged text keeps its bytes in any encoding.
    const text = previous?.toString('latin1') ?? ''
    const next = this.#replaced(text, values, keys)
    if (next === text) return
    const fileSystem = this.#fileSystem
    try {
      // A file that this process may not write must not be replaced either, even when its folder allows that.
      if (previous !== undefined) fileSystem.open(this.path, 'update').close()
      makeFolderOf(fileSystem, this.path)
      replaceFile(fileSystem, this.path, Buffer.from(next, 'latin1'), `${this.path}.bak`)
      this.#isThere = true
    } catch (error) {
      throw this.#notKept(reasonOf(error), error, this.#undo(previous, next))
    }
  }

  #read(): Buffer | undefined {
    let content: Buffer | undefined
    try {
      content = this.#fileSystem.readFile(this.path)
    } catch (error) {
      throw this.#notKept(reasonOf(error), error)
    }
    if (content !== undefined || !this.#isThere) return content
    throw this.#notKept('it was there at the start, and is gone: put it back')
  }

  #replaced(text: string, values: ReadonlyMap<string, string>, keys: readonly string[]): string {
    try {
      const present = parseJavaProperties(text)
      const changes = [...values].filter(([key, value]) => {
        return present.has(key) ? present.get(key)!.trim() !== value : keys.includes(key)
      })
      return replaceJavaProperties(text, new Map(changes))
    } catch (error) {
      if (!(error instanceof JavaPropertiesError)) throw error
      throw this.#notKept(`it is not a .properties file: ${error.message}`, error)
    }
  }

  /**
   * Restores the file: writing may fail after the file has its new content.
   * @returns whether the file is as it was
   */
  #undo(previous: Buffer | undefined, next: string): boolean {
    const fileSystem = this.#fileSystem
    try {
      if (fileSystem.readFile(this.path)?.toString('latin1') !== next) return true
      if (previous === undefined) fileSystem.remove(this.path)
      else replaceFile(fileSystem, this.path, previous)
      return true
    } catch {
      return false
    }
  }

  #notKept(reason: string, cause?: unknown, isAsBefore = true): SettingsNotKeptError {
    const state = isAsBefore
      ? 'nothing was changed'
      : 'the running process is unchanged, but the next start may take it'
    return new SettingsNotKeptError(`the change cannot be kept in ${this.path}: ${reason}; ${state}`, { cause })
  }
}
