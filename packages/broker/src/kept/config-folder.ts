import type { Clock, FileSystem, Log } from '@rocketmq-ts/platform'
import { ConfigFile } from '@rocketmq-ts/storage'
import { ChangeJournal } from './change-journal.ts'
import type { KeptFolder, SyncedLog } from './kept-state.ts'

/** The folder in which a broker keeps its tables and its progress. */
export class ConfigFolder implements KeptFolder {
  readonly clock: Clock
  readonly log: Log
  readonly messages: SyncedLog
  readonly #fileSystem: FileSystem
  readonly #path: string

  /**
   * @param rootPath of the store
   * @param messages what is kept may point into
   */
  constructor(fileSystem: FileSystem, clock: Clock, log: Log, rootPath: string, messages: SyncedLog) {
    this.#fileSystem = fileSystem
    this.clock = clock
    this.log = log
    this.messages = messages
    this.#path = `${rootPath}/config`
  }

  file(name: string): ConfigFile {
    return new ConfigFile(this.#fileSystem, `${this.#path}/${name}`, this.log)
  }

  journal(name: string): ChangeJournal {
    return new ChangeJournal(this.#fileSystem, `${this.#path}/${name}`, this.log)
  }
}
