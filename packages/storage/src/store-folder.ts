import { basename, dirname } from 'node:path'
import { type FileSystem, type FolderLock, FolderLockedError, type Log } from '@rocketmq-ts/platform'
import type { StoreFiles } from './store-files.ts'

/** The store is in use by another process, another thread or an official broker. */
export class StoreLockedError extends Error {
  override readonly name = 'StoreLockedError'
  readonly path: string

  /** @param holder describes who uses it */
  constructor(path: string, holder: string) {
    super(`the store ${path} is in use by ${holder}: stop it, or use another folder`)
    this.path = path
  }
}

/** What the file `abort` says of a store that was closed in order, and that an official broker must not take for closed. */
const closedMark = 'closed'

/**
 * The folder of a store: its lock, and the mark that tells whether it was closed in order. The mark is that there is no file
 * `abort`. Where an official broker would not find all in its files, the file stays, so that it reads the log as after a crash,
 * and says that the store was closed.
 */
export class StoreFolder {
  readonly path: string
  /** Whether its last user closed it in order, or it is new. */
  readonly wasClosed: boolean
  /** Whether the file was there and said so. */
  readonly #wasMarked: boolean
  readonly #files: StoreFiles
  readonly #locks: readonly FolderLock[]

  /**
   * @param commitLogPath where its log is: another store may name the same folder
   * @param log told when the lock keeps out less than it should
   * @throws StoreLockedError
   */
  constructor(files: StoreFiles, path: string, commitLogPath: string, processId: number, log: Log) {
    const { fileSystem } = files
    this.path = path
    this.#files = files
    files.makeFolder(`${path}/config`)
    // Without a checkpoint the store is new: a process may have made its folder and died before the names were synced.
    if (fileSystem.status(`${path}/checkpoint`) === undefined) files.noteAncestors(path)
    this.#locks = takeLocks(fileSystem, path, commitLogPath)
    const { weakness } = this.#locks[0]!
    if (weakness !== undefined) log.warn({ path }, weakness)
    const found = fileSystem.readFile(this.#abortPath)
    this.#wasMarked = found?.toString('utf8') === closedMark
    this.wasClosed = found === undefined || this.#wasMarked
    // It says so no longer before anything else changes.
    this.#mark(String(processId))
  }

  /**
   * @param inOrder whether everything is in the files: the next start then need not recover
   * @param isOursAlone whether an official broker would not find all of it there
   */
  release(inOrder: boolean, isOursAlone: boolean): void {
    try {
      if (inOrder && isOursAlone) this.#mark(closedMark)
      else if (inOrder) {
        this.#files.remove(this.#abortPath)
        this.#files.syncNames(this.path)
      }
    } finally {
      for (const lock of this.#locks) lock.release()
    }
  }

  /** Like `release`, for a store that was not changed since it was opened. */
  releaseUnchanged(): void {
    this.release(this.wasClosed, this.#wasMarked)
  }

  #mark(text: string): void {
    const { fileSystem } = this.#files
    const file = fileSystem.open(this.#abortPath, 'create')
    // Over what is there, and cut then: a full disk has room for that. What a kill leaves between them says closed only when it is.
    file.write(Buffer.from(text), 0)
    file.truncate(Buffer.byteLength(text))
    file.syncDataNow()
    file.close()
    this.#files.noteNames(this.path)
    this.#files.syncAllNames()
  }

  get #abortPath(): string {
    return `${this.path}/abort`
  }
}

/** Takes all locks of a store, or none. */
function takeLocks(fileSystem: FileSystem, root: string, commitLog: string): FolderLock[] {
  const locks: FolderLock[] = []
  for (const [path, lockPath] of lockPaths(fileSystem, root, commitLog)) {
    try {
      locks.push(fileSystem.lockFolder(lockPath))
    } catch (error) {
      for (const lock of locks) lock.release()
      throw error instanceof FolderLockedError ? new StoreLockedError(path, error.holder) : error
    }
  }
  return locks
}

/**
 * The folders to lock, each with the path of its lock. Two stores may name one log, so a log outside of its store's
 * folder has a lock of its own. That lock is in a folder, since an official broker takes each file there for a file of
 * the log. When the log lies in the folder of another store, the lock of that store is taken too.
 */
function lockPaths(fileSystem: FileSystem, root: string, commitLog: string): [path: string, lockPath: string][] {
  const paths: [string, string][] = [[root, `${root}/lock`]]
  const isElsewhere = !commitLog.startsWith(`${root}/`)
  const ofLog = `${commitLog}/lock`
  if (isElsewhere || fileSystem.status(ofLog) !== undefined) paths.push([commitLog, `${ofLog}/lock`])
  const otherRoot = dirname(commitLog)
  if (isElsewhere && basename(commitLog) === 'commitlog' && fileSystem.status(`${otherRoot}/lock`) !== undefined) {
    paths.push([otherRoot, `${otherRoot}/lock`])
  }
  return paths
}
