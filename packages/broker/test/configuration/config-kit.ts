import type { FileSystem, Log } from '@rocketmq-ts/platform'
import { nodeFileSystem, silentLog } from '@rocketmq-ts/platform'
import type { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { ConfigFile } from '@rocketmq-ts/storage'

export interface LoggedLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
}

/** A log that keeps its lines. */
export function recordingLog(): { log: Log; lines: LoggedLine[] } {
  const lines: LoggedLine[] = []
  const at =
    (level: LoggedLine['level']) =>
    (_fields: Record<string, unknown>, message: string): void =>
      void lines.push({ level, message })
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines }
}

/** A configuration file in a folder, with a count of how often its name was given to new content. */
export function countedFile(path: string, log: Log = silentLog): { file: ConfigFile; writes(): number } {
  let writes = 0
  const fileSystem: FileSystem = Object.create(nodeFileSystem, {
    rename: {
      value(from: string, to: string): void {
        if (to === path) writes++
        nodeFileSystem.rename(from, to)
      },
    },
  })
  return { file: new ConfigFile(fileSystem, path, log), writes: () => writes }
}

/** Lets what is under way in memory go on until nothing moves: promises, and the turns of the loop that they ask for. */
export async function settle(clock: SteppedClock): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    clock.finishTurn()
    await Promise.resolve()
  }
}
