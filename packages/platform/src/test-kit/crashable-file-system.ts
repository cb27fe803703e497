/**
 * A disk in memory that crashes. It takes all liberties that POSIX gives to real disks, since a store that survives
 * them survives any file system, mount option and disk cache:
 *
 * - What was synced is kept: the data and the size of a file by `syncData`, the names in a folder by `syncFolder`.
 * - What was not synced may be kept, lost, or kept in part. A file keeps its changes in order up to any byte of a
 *   write, or each sector of 512 bytes (which disks write as a whole) is as it was after any of the changes that
 *   touched it, independently of the others and of the size of the file. Bytes that never reached the disk are zeros.
 * - A synced file is reached only when its name is there: new, removed and renamed names survive when their folder was
 *   synced, otherwise by chance and in any order, so that a file removed earlier can be there and one removed later
 *   not. A rename is one change: it never loses a file. A folder's own name is in the folder above it.
 * - The death of the process alone (`kill`) loses nothing that was written. Of an unfinished background write, any part
 *   from its start on was written.
 *
 * Not simulated, since no software alone survives them: synced sectors that are lost, and sectors that come back with
 * other bytes. For such damage there are `FaultyFileSystem` and tests that change files.
 */
import { basename, dirname } from 'node:path'
import {
  type DiskSpace,
  type FileHandle,
  type FileStatus,
  type FileSystem,
  type FolderLock,
  FolderLockedError,
  type OpenMode,
} from '../file-system.ts'
import { FileNode, FolderNode } from './crashable-nodes.ts'
import { SeededRandom } from './seeded-random.ts'

/** Thrown by every call after the power failed. */
export class PowerFailure extends Error {
  override readonly name = 'PowerFailure'
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path })
}

/** The most turns of the microtask queue that a background sync, read or write takes. */
const backgroundTurnsMax = 6

export interface CrashableFileSystemOptions {
  /** Resolves when a background sync, read or write ends; by default after a few turns of the microtask queue. */
  background?(): Promise<void>
  /** Decides everything random except the outcome of crashes. */
  random?: SeededRandom
  /** Called before every change. */
  onChange?(operation: string, path: string, data?: Uint8Array): void
  /** Called when the power fails by `failPowerAt`. */
  onPowerFailure?(): void
}

export class CrashableFileSystem implements FileSystem {
  readonly #now: () => number
  readonly #options: CrashableFileSystemOptions
  readonly #root = new FolderNode()
  readonly #locks = new Set<string>()
  #random: SeededRandom
  /** Handles of an earlier run are dead. */
  #run = 1
  #boot = 1
  #isDown = false
  #operationsLeft = Number.POSITIVE_INFINITY
  /** The result of `diskSpace`. */
  space: DiskSpace = { totalBytes: 2 ** 40, freeBytes: 2 ** 39 }
  /** Changes that programs asked for so far: writes, truncations, syncs and changes of names. */
  operationCount = 0

  /** @param now for the times of files */
  constructor(now: () => number = () => 0, options: CrashableFileSystemOptions = {}) {
    this.#now = now
    this.#options = options
    this.#random = options.random ?? new SeededRandom(1)
  }

  /** Whether the power failed and `crash` was not called since. */
  get isDown(): boolean {
    return this.#isDown
  }

  /** Makes the power fail in the middle of the nth change from now on, counted from 1. */
  failPowerAt(operation: number): void {
    this.#operationsLeft = operation
  }

  /** The power fails, and comes back: `seed` decides which unsynced changes are on the disk. */
  crash(seed: number): void {
    const random = new SeededRandom(seed)
    if (this.#options.random === undefined) this.#random = random
    this.#root.crash(random)
    this.#boot++
    this.kill()
  }

  /** The process dies: written data stays, its handles and locks are gone. */
  kill(): void {
    this.#run++
    this.#isDown = false
    this.#operationsLeft = Number.POSITIVE_INFINITY
    this.#locks.clear()
  }

  open(path: string, mode: OpenMode): FileHandle {
    this.#check()
    const known = this.#find(path)
    if (known?.kind === 'folder') throw systemError('EISDIR', path)
    if (known !== undefined) return this.#handle(path, known)
    if (mode !== 'create') throw systemError('ENOENT', path)
    const node = new FileNode(this.#now())
    this.#change('create', path, () => this.#folderOf(path).change([{ name: basename(path), node }]))
    return this.#handle(path, node)
  }

  status(path: string): FileStatus | undefined {
    this.#check()
    const node = this.#find(path)
    if (node === undefined) return undefined
    if (node.kind === 'folder') return { kind: 'folder', sizeBytes: 0, modifiedMs: 0 }
    return { kind: 'file', sizeBytes: node.content.sizeBytes, modifiedMs: node.modifiedMs }
  }

  /** Does nothing: this disk has no permissions. */
  copyAccess(): void {
    this.#check()
  }

  list(path: string): string[] {
    this.#check()
    const node = this.#find(path)
    if (node?.kind === 'file') throw systemError('ENOTDIR', path)
    return node === undefined ? [] : [...node.names.keys()].sort()
  }

  makeFolder(path: string): void {
    this.#check()
    if (path === '/' || this.#find(path)?.kind === 'folder') return
    this.makeFolder(dirname(path))
    const node = new FolderNode()
    this.#change('makeFolder', path, () => this.#folderOf(path).change([{ name: basename(path), node }]))
  }

  remove(path: string): void {
    this.#check()
    if (this.#find(path)?.kind !== 'file') throw systemError('ENOENT', path)
    this.#change('remove', path, () => this.#folderOf(path).change([{ name: basename(path), node: undefined }]))
  }

  removeFolder(path: string): void {
    this.#check()
    const node = this.#find(path)
    if (node === undefined) return
    if (node.kind === 'folder') {
      for (const name of node.names.keys()) {
        const inner = `${path}/${name}`
        if (this.#find(inner)!.kind === 'file') this.remove(inner)
        else this.removeFolder(inner)
      }
    }
    this.#change('remove', path, () => this.#folderOf(path).change([{ name: basename(path), node: undefined }]))
  }

  rename(from: string, to: string): void {
    this.#check()
    const node = this.#find(from)
    if (node === undefined) throw systemError('ENOENT', from)
    const [source, target] = [this.#folderOf(from), this.#folderOf(to)]
    this.#change('rename', `${from} ${to}`, () => {
      const taken = { name: basename(from), node: undefined }
      const given = { name: basename(to), node }
      if (source === target) source.change([taken, given])
      else {
        target.change([given])
        source.change([taken])
      }
    })
  }

  readFile(path: string): Buffer | undefined {
    this.#check()
    const node = this.#find(path)
    if (node === undefined) return undefined
    if (node.kind === 'folder') throw systemError('EISDIR', path)
    const bytes = Buffer.alloc(node.content.sizeBytes)
    node.content.read(bytes, 0)
    return bytes
  }

  syncFolder(path: string): void {
    const node = this.#folderAt(path)
    this.#change('syncFolder', path, () => {})
    node.sync(node.changeCount)
  }

  async syncFolderLater(path: string): Promise<void> {
    const node = this.#folderAt(path)
    const { changeCount } = node
    const run = this.#run
    await this.#background()
    this.#check()
    if (run !== this.#run) throw new PowerFailure(`the process that synced ${path} is gone`)
    this.#change('syncFolder', path, () => {})
    node.sync(changeCount)
  }

  diskSpace(): DiskSpace {
    this.#check()
    return this.space
  }

  bootId(): string {
    return `boot-${this.#boot}`
  }

  lockFolder(lockFilePath: string): FolderLock {
    this.#check()
    if (this.#locks.has(lockFilePath)) throw new FolderLockedError(lockFilePath, undefined)
    const run = this.#run
    this.#locks.add(lockFilePath)
    return {
      release: () => {
        if (run === this.#run) this.#locks.delete(lockFilePath)
      },
    }
  }

  #handle(path: string, node: FileNode): FileHandle {
    const run = this.#run
    let isClosed = false
    const checkAlive = (): void => {
      if (run !== this.#run) throw new PowerFailure(`the process that opened ${path} is gone`)
      this.#check()
    }
    const check = (): void => {
      checkAlive()
      if (isClosed) throw systemError('EBADF', path)
    }
    const change = (operation: string, action: () => void, data?: Uint8Array): void => {
      check()
      node.modifiedMs = this.#now()
      this.#change(operation, path, action, data)
    }
    return {
      path,
      write: (data, position) => change(`write ${position}`, () => node.write(data, position), data),
      writeLater: async (data, position) => {
        const half = this.#random.below(data.length + 1)
        const begun = data.subarray(0, half)
        change(`write ${position}`, () => node.write(begun, position), begun)
        await this.#background()
        checkAlive()
        node.modifiedMs = this.#now()
        const rest = data.subarray(half)
        this.#change(`write ${position + half}`, path, () => node.write(rest, position + half), rest)
      },
      read: (target, position) => {
        check()
        return node.content.read(target, position)
      },
      readLater: async (target, position) => {
        check()
        await this.#background()
        // A read that has begun ends, even when the handle was closed meanwhile.
        checkAlive()
        return node.content.read(target, position)
      },
      sizeBytes: () => {
        check()
        return node.content.sizeBytes
      },
      truncate: (sizeBytes) => change(`truncate ${sizeBytes}`, () => node.truncate(sizeBytes)),
      syncData: async () => {
        check()
        const { changeCount } = node
        await this.#background()
        checkAlive()
        this.#change('sync', path, () => {})
        node.sync(changeCount)
      },
      syncDataNow: () => {
        check()
        this.#change('sync', path, () => {})
        node.sync(node.changeCount)
      },
      close: () => {
        isClosed = true
      },
    }
  }

  #folderAt(path: string): FolderNode {
    this.#check()
    const node = this.#find(path)
    if (node?.kind !== 'folder') throw systemError('ENOENT', path)
    return node
  }

  async #background(): Promise<void> {
    if (this.#options.background !== undefined) return this.#options.background()
    for (let turns = 1 + this.#random.below(backgroundTurnsMax); turns > 0; turns--) await Promise.resolve()
  }

  #check(): void {
    if (this.#isDown) throw new PowerFailure('the power failed')
  }

  /** Makes a change. When the power fails in the middle of it, the change may or may not survive. */
  #change(operation: string, path: string, action: () => void, data?: Uint8Array): void {
    this.operationCount++
    this.#options.onChange?.(operation, path, data)
    action()
    if (--this.#operationsLeft > 0) return
    this.#isDown = true
    this.#options.onPowerFailure?.()
    throw new PowerFailure('the power failed')
  }

  #find(path: string): FileNode | FolderNode | undefined {
    let node: FileNode | FolderNode | undefined = this.#root
    for (const name of path.split('/')) {
      if (name === '') continue
      if (node?.kind !== 'folder') return undefined
      node = node.names.get(name)
    }
    return node
  }

  #folderOf(path: string): FolderNode {
    const folder = this.#find(dirname(path))
    if (folder?.kind !== 'folder') throw systemError('ENOENT', path)
    return folder
  }
}
