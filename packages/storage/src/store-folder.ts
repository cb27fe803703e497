import { type FileSystem, type FolderLock, FolderLockedError } from '@rocketmq-ts/platform'

/** Another process uses the store. */
export class StoreLockedError extends Error {
  override readonly name = 'StoreLockedError'
  readonly path: string
  /** Process id of the holder, or undefined when it is unknown. */
  readonly pid: number | undefined

  constructor(path: string, pid: number | undefined) {
    const holder = pid === undefined ? 'another process' : `process ${pid}`
    super(`the store ${path} is in use by ${holder}: stop it, or use another folder`)
    this.path = path
    this.pid = pid
  }
}

/** The folder of a store: its lock, and the mark that tells whether it was closed in order. */
export class StoreFolder {
  readonly path: string
  /** Whether the last one who used it closed it in order, or nobody did. */
  readonly wasClosed: boolean
  readonly #fileSystem: FileSystem
  readonly #lock: FolderLock

  /** @throws StoreLockedError */
  constructor(fileSystem: FileSystem, path: string, processId: number) {
    this.path = path
    this.#fileSystem = fileSystem
    fileSystem.makeFolder(`${path}/config`)
    try {
      this.#lock = fileSystem.lockFolder(`${path}/lock`)
    } catch (error) {
      if (error instanceof FolderLockedError) throw new StoreLockedError(path, error.holderPid)
      throw error
    }
    this.wasClosed = fileSystem.status(this.#abortPath) === undefined
    const file = fileSystem.open(this.#abortPath, 'create')
    file.truncate(0)
    file.write(Buffer.from(String(processId)), 0)
    file.close()
    fileSystem.syncFolder(path)
  }

  /** @param inOrder whether everything is in the files, so that the next start need not recover */
  release(inOrder: boolean): void {
    if (inOrder) {
      this.#fileSystem.remove(this.#abortPath)
      this.#fileSystem.syncFolder(this.path)
    }
    this.#lock.release()
  }

  get #abortPath(): string {
    return `${this.path}/abort`
  }
}
