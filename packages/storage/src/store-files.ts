import { dirname } from 'node:path'
import { LruMap } from '@rocketmq-ts/base'
import type { FileHandle, FileSystem } from '@rocketmq-ts/platform'

/** The files that all parts of a store share: a bounded number of open ones, and folders with unsynced names. */
export class StoreFiles {
  readonly fileSystem: FileSystem
  readonly #open: LruMap<string, FileHandle>
  /** Folders in which names were made or removed since they were last synced, with the number of the last change. */
  readonly #unsyncedFolders = new Map<string, number>()
  #changeCount = 0
  #isClosed = false

  constructor(fileSystem: FileSystem, openFilesMax: number) {
    this.fileSystem = fileSystem
    this.#open = new LruMap(openFilesMax, (file) => file.close())
  }

  /** A file that exists, open for reading and writing. @throws EBADF when the store is closed */
  open(path: string): FileHandle {
    if (this.#isClosed) throw Object.assign(new Error(`${path} is of a store that is closed`), { code: 'EBADF' })
    const known = this.#open.get(path)
    if (known !== undefined) return known
    const file = this.fileSystem.open(path, 'update')
    this.#open.set(path, file)
    return file
  }

  /** Makes a file of the given size that reads as zeros. */
  create(path: string, sizeBytes: number): void {
    const file = this.fileSystem.open(path, 'create')
    this.noteNames(dirname(path))
    this.#open.set(path, file)
    file.truncate(sizeBytes)
  }

  remove(path: string): void {
    this.#open.delete(path)
    this.fileSystem.remove(path)
    this.noteNames(dirname(path))
  }

  /** Gives a file another name, perhaps in another folder. */
  rename(from: string, to: string): void {
    this.#open.delete(from)
    this.fileSystem.rename(from, to)
    this.noteNames(dirname(from))
    this.noteNames(dirname(to))
  }

  /** Makes a folder, and the missing folders above it. */
  makeFolder(path: string): void {
    const missing: string[] = []
    for (let at = path; this.fileSystem.status(at) === undefined; at = dirname(at)) missing.push(at)
    for (const folder of missing.toReversed()) {
      this.noteNames(dirname(folder))
      this.fileSystem.makeFolder(folder)
    }
  }

  /** Notes all folders above a path. A folder that this user may not read was made by another one: it is left out. */
  noteAncestors(path: string): void {
    for (let at = dirname(path); ; at = dirname(at)) {
      try {
        this.fileSystem.list(at)
        this.noteNames(at)
      } catch (error) {
        if ((error as { code?: string }).code !== 'EACCES') throw error
      }
      if (at === dirname(at)) return
    }
  }

  /** Removes a folder and what is in it, or a file. */
  removeFolder(path: string): void {
    const status = this.fileSystem.status(path)
    if (status === undefined) {
      this.#forgetMissing(path)
      return
    }
    if (status.kind === 'folder') this.#forget(path)
    else this.#open.delete(path)
    this.fileSystem.removeFolder(path)
    this.noteNames(dirname(path))
  }

  /** Forgets a folder by what is in it: of very many open files and folders, those of it are few. */
  #forget(path: string): void {
    this.#unsyncedFolders.delete(path)
    for (const name of this.fileSystem.list(path)) {
      const inside = `${path}/${name}`
      if (this.fileSystem.status(inside)?.kind === 'folder') this.#forget(inside)
      else this.#open.delete(inside)
    }
  }

  /** Forgets a folder that somebody has taken away. */
  #forgetMissing(path: string): void {
    for (const open of [...this.#open.keys()]) if (open.startsWith(`${path}/`)) this.#open.delete(open)
    for (const folder of this.#unsyncedFolders.keys()) {
      if (folder === path || folder.startsWith(`${path}/`)) this.#unsyncedFolders.delete(folder)
    }
  }

  /** Notes that names in a folder were made or removed, and not synced. */
  noteNames(folder: string): void {
    this.#unsyncedFolders.set(folder, ++this.#changeCount)
  }

  /** Forgets that names in a folder are not synced: whoever calls this syncs the folder. */
  leaveNames(folder: string): void {
    this.#unsyncedFolders.delete(folder)
  }

  /** Makes new and removed names in a folder survive a power failure. */
  syncNames(folder: string): void {
    if (!this.#unsyncedFolders.has(folder)) return
    this.fileSystem.syncFolder(folder)
    this.#unsyncedFolders.delete(folder)
  }

  /** The same for all folders. */
  syncAllNames(): void {
    for (const folder of [...this.#unsyncedFolders.keys()]) this.syncNames(folder)
  }

  /** Like `syncNames`, without blocking the loop. Names that come meanwhile are not covered. */
  async syncNamesLater(folder: string): Promise<void> {
    const change = this.#unsyncedFolders.get(folder)
    if (change === undefined) return
    try {
      await this.fileSystem.syncFolderLater(folder)
    } catch (error) {
      // The folder was removed meanwhile: its removal is noted for the folder above it.
      if (!this.#unsyncedFolders.has(folder) && this.fileSystem.status(folder) === undefined) return
      throw error
    }
    // Names that came meanwhile are for the next time.
    if (this.#unsyncedFolders.get(folder) === change) this.#unsyncedFolders.delete(folder)
  }

  /** The same for all folders. */
  async syncAllNamesLater(): Promise<void> {
    for (const folder of [...this.#unsyncedFolders.keys()]) await this.syncNamesLater(folder)
  }

  /** Closes what is open. What goes on in the background opens nothing again. */
  close(): void {
    this.#isClosed = true
    this.#open.clear()
  }
}
