import type { FileHandle, FileSystem, FolderLock } from '@rocketmq-ts/platform'

/**
 * The disk as one life of a server sees it. When that life ends as by SIGKILL, nothing more is read or written, open files
 * are closed and locks given back, as the system does it for a process.
 */
export class MortalFileSystem implements FileSystem {
  readonly #inner: FileSystem
  readonly #open = new Set<FileHandle>()
  readonly #locks = new Set<FolderLock>()
  #isDead = false

  constructor(inner: FileSystem) {
    this.#inner = inner
  }

  kill(): void {
    this.#isDead = true
    for (const handle of this.#open) handle.close()
    for (const lock of this.#locks) lock.release()
    this.#open.clear()
    this.#locks.clear()
  }

  open(...args: Parameters<FileSystem['open']>): FileHandle {
    const handle = this.#alive.open(...args)
    const alive = (): FileHandle => {
      this.#check()
      return handle
    }
    this.#open.add(handle)
    return {
      path: handle.path,
      write: (data, position) => alive().write(data, position),
      writeLater: async (data, position) => alive().writeLater(data, position),
      read: (target, position) => alive().read(target, position),
      readLater: async (target, position) => alive().readLater(target, position),
      sizeBytes: () => alive().sizeBytes(),
      truncate: (sizeBytes) => alive().truncate(sizeBytes),
      syncData: async () => alive().syncData(),
      syncDataNow: () => alive().syncDataNow(),
      close: () => {
        if (this.#open.delete(handle)) handle.close()
      },
    }
  }

  status(path: string) {
    return this.#alive.status(path)
  }

  list(path: string) {
    return this.#alive.list(path)
  }

  makeFolder(path: string) {
    this.#alive.makeFolder(path)
  }

  remove(path: string) {
    this.#alive.remove(path)
  }

  removeFolder(path: string) {
    this.#alive.removeFolder(path)
  }

  rename(from: string, to: string) {
    this.#alive.rename(from, to)
  }

  readFile(path: string) {
    return this.#alive.readFile(path)
  }

  copyAccess(from: string, to: string) {
    this.#alive.copyAccess(from, to)
  }

  syncFolder(path: string) {
    this.#alive.syncFolder(path)
  }

  async syncFolderLater(path: string) {
    await this.#alive.syncFolderLater(path)
  }

  diskSpace(path: string) {
    return this.#alive.diskSpace(path)
  }

  bootId() {
    return this.#alive.bootId()
  }

  lockFolder(lockFilePath: string): FolderLock {
    const lock = this.#alive.lockFolder(lockFilePath)
    this.#locks.add(lock)
    return {
      weakness: lock.weakness,
      release: () => {
        if (this.#locks.delete(lock)) lock.release()
      },
    }
  }

  get #alive(): FileSystem {
    this.#check()
    return this.#inner
  }

  #check(): void {
    if (this.#isDead) throw new Error('the server was killed')
  }
}
