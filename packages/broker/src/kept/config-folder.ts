import type { Clock, FileSystem, Log } from '@rocketmq-ts/platform'
import { ConfigFile } from '@rocketmq-ts/storage'
import { ChangeJournal } from './change-journal.ts'
import type { KeptFolder, SyncedLog } from './kept-state.ts'

/** The files in the configuration folder of the store at `rootPath`. */
export function configFiles(fileSystem: FileSystem, rootPath: string, log: Log): Pick<KeptFolder, 'file' | 'journal'> {
  const path = `${rootPath}/config`
  return {
    file: (name) => new ConfigFile(fileSystem, `${path}/${name}`, log),
    journal: (name) => new ChangeJournal(fileSystem, `${path}/${name}`, log),
  }
}

/** The folder in which a broker keeps its tables and its progress. */
export class ConfigFolder implements KeptFolder {
  readonly clock: Clock
  readonly log: Log
  readonly messages: SyncedLog
  readonly #files: Pick<KeptFolder, 'file' | 'journal'>

  /**
   * @param rootPath of the store
   * @param messages what is kept may point into
   */
  constructor(fileSystem: FileSystem, clock: Clock, log: Log, rootPath: string, messages: SyncedLog) {
    this.#files = configFiles(fileSystem, rootPath, log)
    this.clock = clock
    this.log = log
    this.messages = messages
  }

  file(name: string): ConfigFile {
    return this.#files.file(name)
  }

  journal(name: string): ChangeJournal {
    return this.#files.journal(name)
  }
}
