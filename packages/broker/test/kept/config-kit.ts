import type { Clock, FileContent, FileSystem, Log } from '@rocketmq-ts/platform'
import { nodeFileSystem, silentLog } from '@rocketmq-ts/platform'
import type { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { ConfigFile } from '@rocketmq-ts/storage'
import { ChangeJournal } from '../../src/kept/change-journal.ts'
import type { KeptFolder } from '../../src/kept/index.ts'
import type { SyncedLog } from '../../src/kept/kept-state.ts'

export interface LoggedLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
}

/** A log that keeps its lines, and the fields of each. */
export function recordingLog(): { log: Log; lines: LoggedLine[]; fields: Record<string, unknown>[] } {
  const lines: LoggedLine[] = []
  const fields: Record<string, unknown>[] = []
  const at =
    (level: LoggedLine['level']) =>
    (fieldsOfLine: Record<string, unknown>, message: string): void => {
      lines.push({ level, message })
      fields.push(fieldsOfLine)
    }
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines, fields }
}

interface SaveCounts {
  /** How often the file's name was given to new content. */
  writes(): number
  /** How many saves in the background have come to their end. */
  endedSaves(): number
}

class CountedFile extends ConfigFile {
  endedSaves = 0

  override async saveLater(text: string | FileContent): Promise<boolean> {
    try {
      return await super.saveLater(text)
    } finally {
      this.endedSaves++
    }
  }
}

function countedFile(path: string, log: Log): { file: ConfigFile } & SaveCounts {
  let writes = 0
  const fileSystem: FileSystem = Object.create(nodeFileSystem, {
    rename: {
      value(from: string, to: string): void {
        if (to === path) writes++
        nodeFileSystem.rename(from, to)
      },
    },
  })
  const file = new CountedFile(fileSystem, path, log)
  return { file, writes: () => writes, endedSaves: () => file.endedSaves }
}

/** A log of messages of which everything is on the disk. */
const syncedLog: SyncedLog = { syncLog: async () => true, syncLogNow: () => true }

interface KeptAtOptions {
  clock: Clock
  log?: Log
  disk?: FileSystem
  messages?: SyncedLog
}

/** A folder whose one file has some path, beside which its journal is. */
export function keptAt(
  path: string,
  { clock, log = silentLog, disk = nodeFileSystem, messages = syncedLog }: KeptAtOptions,
): KeptFolder {
  return {
    clock,
    log,
    messages,
    file: () => new ConfigFile(disk, path, log),
    journal: () => new ChangeJournal(disk, `${path}.journal`, log),
  }
}

/** Like `keptAt`, with counts of what becomes of the file. */
export function countedAt(path: string, clock: Clock, log: Log): { config: KeptFolder } & SaveCounts {
  const { file, ...counts } = countedFile(path, log)
  return { config: { ...keptAt(path, { clock, log }), file: () => file }, ...counts }
}

/** Lets what is under way in memory go on until nothing moves: promises, and the turns of the loop that they ask for. */
export async function settle(clock: SteppedClock): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    clock.finishTurn()
    await Promise.resolve()
  }
}
