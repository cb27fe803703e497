import path from 'node:path'
import { createNameServer, nameServerSettings } from '@rocketmq-ts/name-server'
import type { Platform } from '@rocketmq-ts/platform'
import { describeSettings } from '@rocketmq-ts/settings'
import { readConfFile } from './conf-file.ts'
import { explainListenError } from './describe-error.ts'
import { createLog } from './log.ts'
import { readNameServerConf } from './read-name-server-conf.ts'
import { runUntilStopped } from './run-until-stopped.ts'
import { noProperties, type SourcedProperties, withDefaults, withOverrides } from './sourced-properties.ts'

/** Options of `rocketmq namesrv`. */
export interface NameServerOptions {
  conf?: string
  port?: number
}

/** @returns the exit code of the process */
export async function runNameServer(options: NameServerOptions, platform: Platform): Promise<number> {
  const log = createLog('name server')
  const { values: settings, warnings } = readNameServerConf(nameServerProperties(options, platform), platform)
  for (const warning of warnings) log.warn({}, warning)
  return runUntilStopped(
    async () => {
      const nameServer = await createNameServer({ settings, platform, log }).catch((error: unknown) => {
        throw explainListenError(error, settings.listenPort, 'choose another with -p')
      })
      const { host, port } = nameServer.address
      return {
        readyMessage: `Name server ready at ${host}:${port}\n`,
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
