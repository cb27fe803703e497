import path from 'node:path'
import { createNameServer, nameServerSettings } from '@rocketmq-ts/name-server'
import type { Platform } from '@rocketmq-ts/platform'
import { describeSettings } from '@rocketmq-ts/settings'
import { hostPort } from './addresses.ts'
import { readConfFile } from './conf-file.ts'
import { explainStartError } from './describe-error.ts'
import { createLog, type LogOptions } from './log.ts'
import { readNameServerConf } from './read-name-server-conf.ts'
import { runUntilStopped } from './run-until-stopped.ts'
import { noProperties, type SourcedProperties, withDefaults, withOverrides } from './sourced-properties.ts'

/** Options of `rocketmq namesrv`. */
export interface NameServerOptions extends LogOptions {
  conf?: string
  port?: number
}

/** @returns the exit code of the process */
export async function runNameServer(options: NameServerOptions, platform: Platform): Promise<number> {
  const log = createLog('name server', options)
  const { values: settings, warnings } = readNameServerConf(nameServerProperties(options, platform), platform)
  for (const warning of warnings) log.warn({}, warning)
  return runUntilStopped(
    async () => {
      const nameServer = await createNameServer({ settings, platform, log }).catch((error: unknown) => {
        throw explainStartError(error, {
          listenPort: settings.listenPort,
          portAdvice: 'choose another with -p',
          hostAdvice: `set bindAddress in ${options.conf ?? 'a file given by -c'} to one, or to 0.0.0.0 for all`,
          folderAdvice: 'choose other places by kvConfigPath and configStorePath in a file given by -c',
        })
      })
      const { host, port } = nameServer.address
      return {
        readyMessage: `Name server ready at ${hostPort(host, port)}\n`,
        failed: new Promise(() => {}),
        close: () => nameServer.close(),
      }
    },
    { log, clock: platform.clock },
  )
}

/** Writes all settings to stdout, and warnings to stderr. */
export function printNameServerConfig(options: NameServerOptions, platform: Platform): void {
  const { values, warnings } = readNameServerConf(nameServerProperties(options, platform), platform)
  for (const warning of warnings) process.stderr.write(`${warning}\n`)
  process.stdout.write(describeSettings(nameServerSettings, values))
}

function nameServerProperties({ conf, port }: NameServerOptions, platform: Platform): SourcedProperties {
  if (conf === undefined) return withOverrides(noProperties, { listenPort: port?.toString() }, '-p')
  const file = readConfFile(platform.fileSystem, conf, '-c')
  // Changes by a request go to the file that the name server was started with, as in RocketMQ.
  const stored = withDefaults(file, { configStorePath: path.resolve(conf) }, '-c')
  return withOverrides(stored, { listenPort: port?.toString() }, '-p')
}
