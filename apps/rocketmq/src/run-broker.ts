import { brokerSettings, createBroker } from '@rocketmq-ts/broker'
import type { Platform } from '@rocketmq-ts/platform'
import { formatAddress } from '@rocketmq-ts/remoting'
import { describeSettings } from '@rocketmq-ts/settings'
import { resolvedAddresses, warnOfAdvertised } from './addresses.ts'
import { absoluteConfPath, readConfFile } from './conf-file.ts'
import { explainStartError } from './describe-error.ts'
import type { SettingsSources } from './kept-changes.ts'
import { createLog, type LogOptions } from './log.ts'
import { readBrokerConf } from './read-broker-conf.ts'
import { runUntilStopped } from './run-until-stopped.ts'
import { noProperties } from './sourced-properties.ts'

/** Options of `rocketmq broker`. */
export interface BrokerOptions extends LogOptions {
  conf?: string
  namesrv?: string
  acceptLostMessages?: boolean
}

/** @returns the exit code of the process */
export async function runBroker(options: BrokerOptions, platform: Platform): Promise<number> {
  const sources = brokerSources(options, platform)
  const { values, sourced, decidedKeys, keptChanges, warnings } = readBrokerConf(sources, platform)
  const settings = { ...values, ...(await resolvedAddresses(sourced)) }
  const { brokerName, brokerIP1, bindAddress, namesrvAddr, listenPort, storePathRootDir } = settings
  const log = createLog(brokerName, options)
  const unreachable = await warnOfAdvertised(brokerIP1, bindAddress, namesrvAddr)
  for (const warning of [...warnings, ...(unreachable === undefined ? [] : [unreachable])]) log.warn({}, warning)
  if (keptChanges !== undefined) log.info({}, keptChanges)
  const file = options.conf ?? 'a file given by -c'
  return runUntilStopped(
    async () => {
      const { confPath } = sources
      const { acceptLostMessages } = options
      const parts = { settings, confPath, decidedKeys, platform, log, acceptLostMessages }
      const broker = await createBroker(parts).catch((error: unknown) => {
        throw explainStartError(error, {
          owner: `broker ${brokerName}`,
          listenPort,
          portAdvice: `choose another by listenPort in ${file}`,
          hostAdvice: `set bindAddress in ${file} to one, or to 0.0.0.0 for all`,
          folder: storePathRootDir,
          folderAdvice: `the store is ${storePathRootDir}: choose another by storePathRootDir in ${file}`,
        })
      })
      const nameServers = namesrvAddr.join(';') || 'none'
      return {
        readyMessage: `Broker ${brokerName} ready at ${formatAddress({ host: brokerIP1, port: broker.address.port })}, name servers: ${nameServers}\n`,
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

function brokerSources({ conf, namesrv }: BrokerOptions, { fileSystem }: Platform): SettingsSources {
  const decided = { namesrvAddr: namesrv }
  if (conf === undefined) return { conf: noProperties, decided, decidedBy: '-n' }
  const file = readConfFile(fileSystem, conf, '-c')
  return { conf: file, confPath: absoluteConfPath(conf), decided, decidedBy: '-n' }
}
