import { type FolderLock, FolderLockedError } from '@rocketmq-ts/platform'
import type { StoreFiles } from './store-files.ts'

/** Somebody else uses the store: another process, another thread, an official broker. */
export class StoreLockedError extends Error {
  override readonly name = 'StoreLockedError'
  readonly path: string

  /** @param holder who has it, in words */
  constructor(path: string, holder: string) {
    super(`the store ${path} is in use by ${holder}: stop it, or use another folder`)
    this.path = path
  }
}

/** The folder of a store: its lock, and the mark that tells whether it was closed in order. */
export class StoreFolder {
  readonly path: string
  /** Whether the last one who used it closed it in order, or nobody did. */
  readonly wasClosed: boolean
  readonly #files: StoreFiles
  readonly #lock: FolderLock

  /** @throws StoreLockedError */
  constructor(files: StoreFiles, path: string, processId: number) {
    const { fileSystem } = files
    this.path = path
    this.#files = files
    files.makeFolder(`${path}/config`)
    // Without a checkpoint the store is new: who made its folder may have died before that was safe.
    if (fileSystem.status(`${path}/checkpoint`) === undefined) files.noteAncestors(path)
    try {
      this.#lock = fileSystem.lockFolder(`${path}/lock`)
    } catch (error) {
      if (error instanceof FolderLockedError) throw new StoreLockedError(path, error.holder)
      throw error
    }
    this.wasClosed = fileSystem.status(this.#abortPath) === undefined
    const file = fileSystem.open(this.#abortPath, 'create')
    file.truncate(0)
    file.write(Buffer.from(String(processId)), 0)
    file.close()
    files.noteNames(path)
    files.syncAllNames()
  }

  /** @param inOrder whether everything is in the files, so that the next start need not recover */
  release(inOrder: boolean): void {
    if (inOrder) {
      this.#files.remove(this.#abortPath)
      this.#files.syncNames(this.path)
    }
    this.#lock.release()
  }

  get #abortPath(): string {
    return `${this.path}/abort`
  }
}
