import { brokerSettings, createBroker } from '@rocketmq-ts/broker'
import type { Platform } from '@rocketmq-ts/platform'
import { describeSettings } from '@rocketmq-ts/settings'
import { readConfFile } from './conf-file.ts'
import { explainListenError } from './describe-error.ts'
import { createLog } from './log.ts'
import { readBrokerConf } from './read-broker-conf.ts'
import { runUntilStopped } from './run-until-stopped.ts'
import { noProperties, type SourcedProperties, withOverrides } from './sourced-properties.ts'

/** Options of `rocketmq broker`. */
export interface BrokerOptions {
  conf?: string
  namesrv?: string
}

/** @returns the exit code of the process */
export async function runBroker(options: BrokerOptions, platform: Platform): Promise<number> {
  const { values: settings, warnings } = readBrokerConf(brokerProperties(options, platform), platform)
  const log = createLog(settings.brokerName)
  for (const warning of warnings) log.warn({}, warning)
  return runUntilStopped(
    async () => {
      const broker = await createBroker({ settings, platform, log }).catch((error: unknown) => {
        throw explainListenError(
          error,
          settings.listenPort,
          `choose another by listenPort in ${options.conf ?? 'a file given by -c'}`,
        )
      })
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

/** Writes all settings to stdout, and warnings to stderr. */
export function printBrokerConfig(options: BrokerOptions, platform: Platform): void {
  const { values, warnings } = readBrokerConf(brokerProperties(options, platform), platform)
  for (const warning of warnings) process.stderr.write(`${warning}\n`)
  process.stdout.write(describeSettings(brokerSettings, values))
}

function brokerProperties({ conf, namesrv }: BrokerOptions, { fileSystem }: Platform): SourcedProperties {
  const file = conf === undefined ? noProperties : readConfFile(fileSystem, conf, '-c')
  return withOverrides(file, { namesrvAddr: namesrv }, '-n')
}
