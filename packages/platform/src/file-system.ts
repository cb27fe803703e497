/** What a store needs to know of a file or folder. */
export interface FileStatus {
  kind: 'file' | 'folder' | 'other'
  sizeBytes: number
  modifiedMs: number
}

export interface DiskSpace {
  totalBytes: number
  freeBytes: number
}

/** How a file is opened: it must exist for `read` and `update`; `create` makes it when it is missing. */
export type OpenMode = 'read' | 'update' | 'create'

/**
 * An open file. Reads and writes by position are synchronous: they go to the page cache and cost less than a thread
 * hop. Calls that may wait for a disk (syncing, reading cold data) have asynchronous forms. So have writes, since
 * another processor can copy much data meanwhile.
 */
export interface FileHandle {
  readonly path: string
  /** Writes all bytes of `data` at `position`, or throws. A completed write survives the death of the process. */
  write(data: Uint8Array, position: number): void
  /** Like `write`, without blocking the loop. `data` must not change until the promise resolves. */
  writeLater(data: Uint8Array, position: number): Promise<void>
  /** Fills `target` from `position` as far as the file goes, and returns the number of bytes read. */
  read(target: Uint8Array, position: number): number
  /** Like `read`, without blocking the loop when the data is not in memory. */
  readLater(target: Uint8Array, position: number): Promise<number>
  sizeBytes(): number
  /** Sets the size; growing fills with zeros and takes no space on disk. */
  truncate(sizeBytes: number): void
  /** After it resolves, what was written before the call survives a power failure. A rejection is final. */
  syncData(): Promise<void>
  syncDataNow(): void
  /** Refuses new calls with EBADF. Calls under way in the background still end, even when the file is removed. */
  close(): void
}

/** Exclusive ownership of a folder. */
export interface FolderLock {
  /** What it cannot keep out, and what to do about that; undefined when there is nothing to say. */
  readonly weakness?: string | undefined
  release(): void
}

/** Someone else holds the lock of a folder. */
export class FolderLockedError extends Error {
  override readonly name = 'FolderLockedError'
  readonly path: string
  /** Process id of the holder; undefined when it is unknown, or belongs to another machine or namespace. */
  readonly holderPid: number | undefined
  /** The holder in words: `process 4711`. */
  readonly holder: string

  /** @param holder by default made from the process id */
  constructor(path: string, holderPid: number | undefined, holder = wordsFor(holderPid)) {
    super(`${path} is held by ${holder}`)
    this.path = path
    this.holderPid = holderPid
    this.holder = holder
  }
}

function wordsFor(pid: number | undefined): string {
  return pid === undefined ? 'another process' : `process ${pid}`
}

/** The disk. All paths are absolute. Errors carry Node's `code` (ENOENT, ENOSPC, EIO ...). */
export interface FileSystem {
  open(path: string, mode: OpenMode): FileHandle
  status(path: string): FileStatus | undefined
  /** Names in a folder, sorted; empty when the folder is missing. */
  list(path: string): string[]
  makeFolder(path: string): void
  remove(path: string): void
  /** Removes a folder and what is in it; nothing happens when it is missing. */
  removeFolder(path: string): void
  rename(from: string, to: string): void
  readFile(path: string): Buffer | undefined
  /** Gives a file the permissions of another one, and its owner when this process may do that. */
  copyAccess(from: string, to: string): void
  /** Makes new, renamed and removed names in a folder survive a power failure. */
  syncFolder(path: string): void
  /** The same for the names that are new now, without blocking the loop. */
  syncFolderLater(path: string): Promise<void>
  diskSpace(path: string): DiskSpace
  /**
   * Identifies the boot of the system, or '' when it is unknown. As long as it stays the same, what was written but not
   * synced is still there.
   */
  bootId(): string
  /**
   * Locks a folder against all other processes and threads, also those of other machines. The death of the process
   * releases the lock.
   *
   * @param lockFilePath a file in the folder
   * @throws FolderLockedError when somebody else holds the lock
   */
  lockFolder(lockFilePath: string): FolderLock
}
