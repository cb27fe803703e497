import { brokerSettings, createBroker } from '@rocketmq-ts/broker'
import type { Platform } from '@rocketmq-ts/platform'
import { describeSettings } from '@rocketmq-ts/settings'
import { absoluteConfPath, readConfFile } from './conf-file.ts'
import { explainListenError } from './describe-error.ts'
import { createLog } from './log.ts'
import { type BrokerSources, readBrokerConf } from './read-broker-conf.ts'
import { runUntilStopped } from './run-until-stopped.ts'
import { noProperties } from './sourced-properties.ts'

/** Options of `rocketmq broker`. */
export interface BrokerOptions {
  conf?: string
  namesrv?: string
}

/** @returns the exit code of the process */
export async function runBroker(options: BrokerOptions, platform: Platform): Promise<number> {
  const sources = brokerSources(options, platform)
  const { values: settings, decidedKeys, keptChanges, warnings } = readBrokerConf(sources, platform)
  const log = createLog(settings.brokerName)
  for (const warning of warnings) log.warn({}, warning)
  if (keptChanges !== undefined) log.info({}, keptChanges)
  return runUntilStopped(
    async () => {
      const broker = await createBroker({ settings, confPath: sources.confPath, decidedKeys, platform, log }).catch(
        (error: unknown) => {
          throw explainListenError(
            error,
            settings.listenPort,
            `choose another by listenPort in ${options.conf ?? 'a file given by -c'}`,
          )
        },
      )
      const nameServers = settings.namesrvAddr.join(';') || 'none'
      return {
        readyMessage: `Broker ${settings.brokerName} ready at ${settings.brokerIP1}:${broker.address.port}, name servers: ${nameServers}\n`,
        failed: new Promise(() => {}),
        close: () => broker.close(),
      }
    },
    { log, clock: platform.clock },
  )
}

/** Writes all settings to stdout, and warnings and kept changes to stderr. */
export function printBrokerConfig(options: BrokerOptions, platform: Platform): void {
  const { values, keptChanges, warnings } = readBrokerConf(brokerSources(options, platform), platform)
  for (const line of keptChanges === undefined ? warnings : [...warnings, keptChanges])
    process.stderr.write(`${line}\n`)
  process.stdout.write(describeSettings(brokerSettings, values))
}

function brokerSources({ conf, namesrv }: BrokerOptions, { fileSystem }: Platform): BrokerSources {
  const decided = { namesrvAddr: namesrv }
  if (conf === undefined) return { conf: noProperties, decided, decidedBy: '-n' }
  const file = readConfFile(fileSystem, conf, '-c')
  return { conf: file, confPath: absoluteConfPath(conf), decided, decidedBy: '-n' }
}
