import path from 'node:path'
import { createNameServer, nameServerSettings } from '@rocketmq-ts/name-server'
import type { Platform } from '@rocketmq-ts/platform'
import { formatAddress } from '@rocketmq-ts/remoting'
import { describeSettings } from '@rocketmq-ts/settings'
import { absoluteConfPath, readConfFile } from './conf-file.ts'
import { explainStartError } from './describe-error.ts'
import type { SettingsSources } from './kept-changes.ts'
import { createLog, type LogOptions } from './log.ts'
import { readNameServerConf } from './read-name-server-conf.ts'
import { runUntilStopped } from './run-until-stopped.ts'
import { noProperties } from './sourced-properties.ts'

/** Options of `rocketmq namesrv`. */
export interface NameServerOptions extends LogOptions {
  conf?: string
  port?: number
}

/** @returns the exit code of the process */
export async function runNameServer(options: NameServerOptions, platform: Platform): Promise<number> {
  const log = createLog('name server', options)
  const sources = nameServerSources(options, platform)
  const { values: settings, decidedKeys, keptChanges, warnings } = readNameServerConf(sources, platform)
  for (const warning of warnings) log.warn({}, warning)
  if (keptChanges !== undefined) log.info({}, keptChanges)
  return runUntilStopped(
    async () => {
      const nameServer = await createNameServer({ settings, decidedKeys, platform, log }).catch((error: unknown) => {
        throw explainStartError(error, {
          listenPort: settings.listenPort,
          portAdvice: 'choose another with -p',
          hostAdvice: `set bindAddress in ${options.conf ?? 'a file given by -c'} to one, or to 0.0.0.0 for all`,
          folder: path.dirname(settings.kvConfigPath),
          folderAdvice: 'choose other places by kvConfigPath and configStorePath in a file given by -c',
        })
      })
      const { host, port } = nameServer.address
      return {
        readyMessage: `Name server ready at ${formatAddress({ host, port })}\n`,
        failed: new Promise(() => {}),
        close: () => nameServer.close(),
      }
    },
    { log, clock: platform.clock },
  )
}

/** Writes all settings to stdout, and warnings and kept changes to stderr. */
export function printNameServerConfig(options: NameServerOptions, platform: Platform): void {
  const sources = nameServerSources(options, platform)
  const { values, keptChanges, warnings } = readNameServerConf(sources, platform)
  for (const line of keptChanges === undefined ? warnings : [...warnings, keptChanges])
    process.stderr.write(`${line}\n`)
  // The path for changes depends on the file that was read, so it would be wrong in a copy of that file.
  const placeKeys = sources.conf.properties.has('configStorePath') ? [] : (['configStorePath'] as const)
  process.stdout.write(describeSettings(nameServerSettings, values, placeKeys))
}

function nameServerSources({ conf, port }: NameServerOptions, { fileSystem }: Platform): SettingsSources {
  const decided = { listenPort: port?.toString() }
  if (conf === undefined) return { conf: noProperties, decided, decidedBy: '-p' }
  const file = readConfFile(fileSystem, conf, '-c')
  return { conf: file, confPath: absoluteConfPath(conf), decided, decidedBy: '-p' }
}
