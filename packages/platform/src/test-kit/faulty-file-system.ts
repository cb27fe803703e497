import type { DiskSpace, FileHandle, FileStatus, FileSystem, FolderLock, OpenMode } from '../file-system.ts'

/** Calls that can be made to fail, at once or in the background: `sync` stands for `syncData` and `syncDataNow`. */
export type FaultyOperation =
  | 'open'
  | 'write'
  | 'read'
  | 'truncate'
  | 'sync'
  | 'rename'
  | 'remove'
  | 'makeFolder'
  | 'syncFolder'
  | 'list'
  | 'readFile'
  | 'diskSpace'

export interface Fault {
  /** Part of the error's message, so that a failing test tells which fault it was. */
  label: string
  operation: FaultyOperation
  /** Paths that it affects; all by default. */
  path?: RegExp
  /** Which of the matching calls fails, counted from 1 since the fault was set; the first by default. */
  nth?: number
  /** How many calls fail from then on; one by default. */
  count?: number
  /**
   * What happens: an error of this code; `short`: half of the bytes are written, then EIO; `no-space`: half of the
   * bytes are written, then ENOSPC; `flip`: one bit in the middle of what is read is wrong; `lie`: nothing is done,
   * and success is told (for a write, a truncation or a sync: what a defect of the program would do, too).
   */
  kind: 'EIO' | 'ENOSPC' | 'EMFILE' | 'EACCES' | 'short' | 'no-space' | 'flip' | 'lie'
}

interface SetFault extends Fault {
  seen: number
  /** How often it struck. */
  struck: number
}

/** Passes all calls on to another file system, except for those that must fail. */
export class FaultyFileSystem implements FileSystem {
  readonly #inner: FileSystem
  readonly #faults: SetFault[] = []

  constructor(inner: FileSystem) {
    this.#inner = inner
  }

  /** @returns counts how often the fault struck, and removes it */
  add(fault: Fault): { readonly struck: number; remove(): void } {
    const set: SetFault = { ...fault, seen: 0, struck: 0 }
    this.#faults.push(set)
    return {
      get struck() {
        return set.struck
      },
      remove: () => void this.#faults.splice(this.#faults.indexOf(set), 1),
    }
  }

  open(path: string, mode: OpenMode): FileHandle {
    this.#maybeFail('open', path)
    const file = this.#inner.open(path, mode)
    return {
      path,
      write: (data, position) => {
        const fault = this.#strike('write', path)
        if (fault === undefined) return file.write(data, position)
        if (fault.kind === 'lie') return
        if (fault.kind === 'short' || fault.kind === 'no-space')
          file.write(data.subarray(0, data.length >> 1), position)
        throw errorOf(fault, path)
      },
      writeLater: async (data, position) => {
        const fault = this.#strike('write', path)
        if (fault === undefined) return file.writeLater(data, position)
        if (fault.kind === 'lie') return
        if (fault.kind === 'short' || fault.kind === 'no-space')
          await file.writeLater(data.subarray(0, data.length >> 1), position)
        throw errorOf(fault, path)
      },
      read: (target, position) => this.#flipped(path, target, () => file.read(target, position)),
      readLater: async (target, position) => {
        const count = await file.readLater(target, position)
        return this.#flipped(path, target, () => count)
      },
      sizeBytes: () => file.sizeBytes(),
      truncate: (sizeBytes) => {
        if (this.#mayPass('truncate', path)) file.truncate(sizeBytes)
      },
      syncData: async () => {
        if (this.#mayPass('sync', path)) await file.syncData()
      },
      syncDataNow: () => {
        if (this.#mayPass('sync', path)) file.syncDataNow()
      },
      close: () => file.close(),
    }
  }

  status(path: string): FileStatus | undefined {
    return this.#inner.status(path)
  }

  list(path: string): string[] {
    this.#maybeFail('list', path)
    return this.#inner.list(path)
  }

  copyAccess(from: string, to: string): void {
    this.#inner.copyAccess(from, to)
  }

  makeFolder(path: string): void {
    this.#maybeFail('makeFolder', path)
    this.#inner.makeFolder(path)
  }

  remove(path: string): void {
    this.#maybeFail('remove', path)
    this.#inner.remove(path)
  }

  removeFolder(path: string): void {
    this.#maybeFail('remove', path)
    this.#inner.removeFolder(path)
  }

  rename(from: string, to: string): void {
    this.#maybeFail('rename', to)
    this.#inner.rename(from, to)
  }

  readFile(path: string): Buffer | undefined {
    this.#maybeFail('readFile', path)
    return this.#inner.readFile(path)
  }

  syncFolder(path: string): void {
    if (this.#mayPass('syncFolder', path)) this.#inner.syncFolder(path)
  }

  async syncFolderLater(path: string): Promise<void> {
    if (this.#mayPass('syncFolder', path)) await this.#inner.syncFolderLater(path)
  }

  diskSpace(path: string): DiskSpace {
    this.#maybeFail('diskSpace', path)
    return this.#inner.diskSpace(path)
  }

  bootId(): string {
    return this.#inner.bootId()
  }

  lockFolder(lockFilePath: string): FolderLock {
    return this.#inner.lockFolder(lockFilePath)
  }

  #flipped(path: string, target: Uint8Array, read: () => number): number {
    const fault = this.#strike('read', path)
    if (fault !== undefined && fault.kind !== 'flip') throw errorOf(fault, path)
    const count = read()
    if (fault !== undefined && count > 0) target[count >> 1]! ^= 0x10
    return count
  }

  #maybeFail(operation: FaultyOperation, path: string): void {
    const fault = this.#strike(operation, path)
    if (fault !== undefined) throw errorOf(fault, path)
  }

  /** Returns false for a lie: the call must be skipped. */
  #mayPass(operation: FaultyOperation, path: string): boolean {
    const fault = this.#strike(operation, path)
    if (fault !== undefined && fault.kind !== 'lie') throw errorOf(fault, path)
    return fault === undefined
  }

  #strike(operation: FaultyOperation, path: string): SetFault | undefined {
    let striking: SetFault | undefined
    for (const fault of this.#faults) {
      if (fault.operation !== operation || fault.path?.test(path) === false) continue
      fault.seen++
      const first = fault.nth ?? 1
      if (striking === undefined && fault.seen >= first && fault.seen < first + (fault.count ?? 1)) striking = fault
    }
    if (striking !== undefined) striking.struck++
    return striking
  }
}

function errorOf(fault: Fault, path: string): Error {
  const code =
    fault.kind === 'short' || fault.kind === 'flip' ? 'EIO' : fault.kind === 'no-space' ? 'ENOSPC' : fault.kind
  return Object.assign(new Error(`${code}: ${fault.operation} ${path} (injected: ${fault.label})`), { code, path })
}
