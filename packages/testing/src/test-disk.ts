import { type Clock, type FileSystem, nodeFileSystem } from '@rocketmq-ts/platform'
import { CrashableFileSystem, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { MortalFileSystem } from './mortal-file-system.ts'

/** Where a server of a test keeps its files. */
export interface TestDisk {
  /** An absolute path. */
  readonly folder: string
  /** The disk for the next life of the server. */
  open(): FileSystem
  /** The server that has it dies as by SIGKILL: what it had written stays. */
  kill(): void
  /** Takes away everything, once no server has it. */
  remove(): void
}

const folderInMemory = '/data'

export function memoryDisk(clock: Pick<Clock, 'now'>): TestDisk {
  const files = new CrashableFileSystem(() => clock.now())
  files.makeFolder(folderInMemory)
  return { folder: folderInMemory, open: () => files, kill: () => files.kill(), remove() {} }
}

/** A folder among the system's temporary ones. */
export function folderDisk(): TestDisk {
  const folder = temporaryFolder('rocketmq-embedded-')
  let life: MortalFileSystem | undefined
  return {
    folder: folder.path,
    open() {
      life = new MortalFileSystem(nodeFileSystem)
      return life
    },
    kill: () => life?.kill(),
    remove: () => folder[Symbol.dispose](),
  }
}
