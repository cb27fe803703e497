import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import type { FileHandle, FileSystem, OpenMode } from '@rocketmq-ts/platform'

/** A disk whose reads in the background of some files take until they are released. */
export interface SlowReads {
  readonly fileSystem: FileSystem
  /** Reads that are under way. */
  readonly waiting: number
  /** Handles of the slow files that are open, those included that are closed once their reads are done. */
  readonly openHandles: number
  release(): void
}

/**
 * Files keep their promise: one that is closed while it is read stays open until that is done.
 * @param slow which paths are slow
 */
export function slowReads(inner: FileSystem, slow: RegExp): SlowReads {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const state = { waiting: 0, openHandles: 0 }
  const open = (path: string, mode: OpenMode): FileHandle => {
    const file = inner.open(path, mode)
    if (!slow.test(path)) return file
    let reads = 0
    let isClosed = false
    state.openHandles++
    const closeWhenRead = (): void => {
      if (!isClosed || reads > 0) return
      file.close()
      state.openHandles--
    }
    return {
      path,
      write: (data, position) => file.write(data, position),
      writeLater: (data, position) => file.writeLater(data, position),
      read: (target, position) => file.read(target, position),
      async readLater(target, position) {
        if (isClosed) throw new Error(`${path} is closed`)
        reads++
        state.waiting++
        try {
          await released
          return await file.readLater(target, position)
        } finally {
          state.waiting--
          reads--
          closeWhenRead()
        }
      },
      sizeBytes: () => file.sizeBytes(),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      syncData: () => file.syncData(),
      syncDataNow: () => file.syncDataNow(),
      close() {
        if (isClosed) return
        isClosed = true
        closeWhenRead()
      },
    }
  }
  return {
    fileSystem: new Proxy(inner, {
      get(target, name) {
        const value: unknown = name === 'open' ? open : Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    }),
    get waiting() {
      return state.waiting
    },
    get openHandles() {
      return state.openHandles
    },
    release,
  }
}

/** Files below a folder that this process holds open, deleted ones too; none where the system does not tell. */
export function openDescriptors(folder: string): string[] {
  const descriptors = '/proc/self/fd'
  if (!existsSync(descriptors)) return []
  return readdirSync(descriptors).flatMap((name) => {
    try {
      const path = readlinkSync(`${descriptors}/${name}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      // Closed since the folder was listed.
      return []
    }
  })
}
