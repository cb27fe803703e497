import fs from 'node:fs'
import { dirname } from 'node:path'
import type { FileHandle, FileStatus, FileSystem, FolderLock, OpenMode } from '../file-system.ts'
import { bootId } from './boot-id.ts'
import { lockFolder, type OnFolderLost } from './folder-lock.ts'

const openFlags: Record<OpenMode, number> = {
  read: fs.constants.O_RDONLY,
  update: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

class NodeFileHandle implements FileHandle {
  readonly path: string
  readonly #descriptor: number
  #isClosed = false
  #operations = 0

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  write(data: Uint8Array, position: number): void {
    this.#checkOpen()
    let written = 0
    while (written < data.length) {
      const count = fs.writeSync(this.#descriptor, data, written, data.length - written, position + written)
      if (count === 0) throw this.#takesNoMore(position + written)
      written += count
    }
  }

  writeLater(data: Uint8Array, position: number): Promise<void> {
    return this.#inBackground(async () => {
      let written = 0
      while (written < data.length) {
        const count = await writeTo(this.#descriptor, data.subarray(written), position + written)
        if (count === 0) throw this.#takesNoMore(position + written)
        written += count
      }
    })
  }

  read(target: Uint8Array, position: number): number {
    this.#checkOpen()
    let filled = 0
    while (filled < target.length) {
      const count = fs.readSync(this.#descriptor, target, filled, target.length - filled, position + filled)
      if (count === 0) break
      filled += count
    }
    return filled
  }

  readLater(target: Uint8Array, position: number): Promise<number> {
    return this.#inBackground(async () => {
      let filled = 0
      while (filled < target.length) {
        const count = await readFrom(this.#descriptor, target.subarray(filled), position + filled)
        if (count === 0) break
        filled += count
      }
      return filled
    })
  }

  sizeBytes(): number {
    this.#checkOpen()
    return fs.fstatSync(this.#descriptor).size
  }

  truncate(sizeBytes: number): void {
    this.#checkOpen()
    fs.ftruncateSync(this.#descriptor, sizeBytes)
  }

  syncData(): Promise<void> {
    return this.#inBackground(() => syncOf(this.#descriptor))
  }

  syncDataNow(): void {
    this.#checkOpen()
    fs.fdatasyncSync(this.#descriptor)
  }

  /** The descriptor stays open until background operations are done: the system must not reuse its number before. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#operations === 0) fs.closeSync(this.#descriptor)
  }

  /** The system gives the number of a closed descriptor to the next file: that one would be read or written. */
  #checkOpen(): void {
    if (this.#isClosed) throw Object.assign(new Error(`${this.path} is closed`), { code: 'EBADF' })
  }

  #takesNoMore(position: number): Error {
    return new Error(`${this.path} takes no more bytes at ${position}`)
  }

  /** Counts an operation of several calls as one: the descriptor of a closed file stays open until its last call. */
  async #inBackground<Result>(operation: () => Promise<Result>): Promise<Result> {
    this.#checkOpen()
    this.#operations++
    try {
      return await operation()
    } finally {
      this.#operations--
      if (this.#isClosed && this.#operations === 0) fs.closeSync(this.#descriptor)
    }
  }
}

function writeTo(descriptor: number, data: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(descriptor, data, 0, data.length, position, (error, count) => (error ? reject(error) : resolve(count)))
  })
}

function readFrom(descriptor: number, target: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(descriptor, target, 0, target.length, position, (error, count) => (error ? reject(error) : resolve(count)))
  })
}

function syncOf(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(descriptor, (error) => (error ? reject(error) : resolve()))
  })
}

function statusOf(stats: fs.Stats): FileStatus {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other'
  return { kind, sizeBytes: stats.size, modifiedMs: stats.mtimeMs }
}

export const nodeFileSystem: FileSystem = {
  open: (path, mode) => new NodeFileHandle(path, fs.openSync(path, openFlags[mode], 0o644)),
  status(path) {
    const stats = fs.statSync(path, { throwIfNoEntry: false })
    return stats === undefined ? undefined : statusOf(stats)
  },
  list(path) {
    // Missing folders are common, and an error costs ten times as much as this check.
    if (fs.statSync(path, { throwIfNoEntry: false }) === undefined) return []
    try {
      return fs.readdirSync(path).sort()
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  },
  makeFolder: (path) => void fs.mkdirSync(path, { recursive: true }),
  remove: (path) => fs.unlinkSync(path),
  removeFolder: (path) => fs.rmSync(path, { recursive: true, force: true }),
  rename: (from, to) => fs.renameSync(from, to),
  readFile(path) {
    try {
      return fs.readFileSync(path)
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  },
  copyAccess(from, to) {
    if (process.platform === 'win32') return
    const { mode, uid, gid } = fs.statSync(from)
    const present = fs.statSync(to)
    if (present.uid !== uid || present.gid !== gid) {
      try {
        fs.chownSync(to, uid, gid)
      } catch (error) {
        // Only root may change the owner: otherwise the writer owns the file.
        if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
      }
    }
    if (present.mode !== mode) fs.chmodSync(to, mode & 0o7777)
  },
  syncFolder(path) {
    if (process.platform === 'win32') return
    const descriptor = fs.openSync(path, fs.constants.O_RDONLY)
    try {
      fs.fsyncSync(descriptor)
    } finally {
      fs.closeSync(descriptor)
    }
  },
  async syncFolderLater(path) {
    if (process.platform === 'win32') return
    const descriptor = fs.openSync(path, fs.constants.O_RDONLY)
    try {
      await new Promise<void>((resolve, reject) => {
        fs.fsync(descriptor, (error) => (error ? reject(error) : resolve()))
      })
    } finally {
      fs.closeSync(descriptor)
    }
  },
  diskSpace(path) {
    const stats = fs.statfsSync(path)
    return { totalBytes: stats.blocks * stats.bsize, freeBytes: stats.bavail * stats.bsize }
  },
  bootId,
  lockFolder: (lockFilePath) => lockFolderOf(lockFilePath),
}

/** @param onFolderLost by default the process ends with an error */
export function createNodeFileSystem(onFolderLost?: OnFolderLost): FileSystem {
  return { ...nodeFileSystem, lockFolder: (lockFilePath) => lockFolderOf(lockFilePath, onFolderLost) }
}

function lockFolderOf(lockFilePath: string, onLost?: OnFolderLost): FolderLock {
  fs.mkdirSync(dirname(lockFilePath), { recursive: true })
  return lockFolder(lockFilePath, onLost)
}
