import { createNameServer } from '@rocketmq-ts/name-server'
import { type FolderLock, FolderLockedError, type Log, type Platform } from '@rocketmq-ts/platform'
import { readConfFile } from '../conf-file.ts'
import { describeError, explainListenError } from '../describe-error.ts'
import { createLog } from '../log.ts'
import { readBrokerConf } from '../read-broker-conf.ts'
import { readNameServerConf } from '../read-name-server-conf.ts'
import { type RunningService, runUntilStopped } from '../run-until-stopped.ts'
import { noProperties, type SourcedProperties } from '../sourced-properties.ts'
import { UserError } from '../user-error.ts'
import { BrokerThread } from './broker-thread.ts'
import { brokerSources, checkSharedConf, nameServerProperties } from './cluster-properties.ts'
import type { ClusterOptions, ClusterPlan } from './plan-cluster.ts'
import { readyMessage } from './ready-message.ts'

/**
 * Runs a name server and brokers in this process until they are stopped.
 *
 * @returns the exit code of the process
 */
export async function runCluster(
  plan: ClusterPlan,
  { brokerConf, stopWithParent }: Pick<ClusterOptions, 'brokerConf' | 'stopWithParent'>,
  platform: Platform,
): Promise<number> {
  const log = createLog('rocketmq')
  const conf = brokerConf === undefined ? noProperties : readConfFile(platform.fileSystem, brokerConf, '--broker-conf')
  warnOfSharedConf(plan, conf, platform, log)
  return runUntilStopped(() => startCluster(plan, conf, platform, log), { log, clock: platform.clock, stopWithParent })
}

/** Finds mistakes in the files before anything is started. */
function warnOfSharedConf(plan: ClusterPlan, conf: SourcedProperties, platform: Platform, log: Log): void {
  const warnings = new Set(checkSharedConf(plan, conf))
  for (const broker of plan.brokers) {
    const read = readBrokerConf(brokerSources(broker, conf, `127.0.0.1:${plan.nameServer.port || 9876}`), platform)
    for (const warning of read.warnings) warnings.add(warning)
    if (read.keptChanges !== undefined) log.info({ broker: broker.name }, read.keptChanges)
  }
  for (const warning of warnings) log.warn({}, warning)
}

async function startCluster(
  plan: ClusterPlan,
  conf: SourcedProperties,
  platform: Platform,
  log: Log,
): Promise<RunningService> {
  const opened = new AsyncDisposableStack()
  try {
    const lock = lockDataFolder(plan, platform)
    opened.defer(() => lock.release())
    const nameServer = await startNameServer(plan, platform)
    opened.defer(() => nameServer.close())
    const nameServerAddress = `127.0.0.1:${nameServer.address.port}`
    const threads = plan.brokers.map((broker) => {
      const { sourced, decidedKeys } = readBrokerConf(brokerSources(broker, conf, nameServerAddress), platform)
      return new BrokerThread({ name: broker.name, properties: sourced.properties, decidedKeys })
    })
    opened.defer(() => stopAll(threads))
    const addresses = await Promise.all(threads.map(({ ready }) => ready))
    const brokers = threads.map(({ name }, index) => ({ name, address: addresses[index]! }))
    return {
      readyMessage: readyMessage(plan, nameServerAddress, brokers),
      failed: Promise.race(threads.map(({ failed }) => failed)),
      close: () => opened.disposeAsync(),
    }
  } catch (error) {
    await opened.disposeAsync().catch((closing) => log.error({}, `closing failed: ${describeError(closing)}`))
    throw error
  }
}

async function stopAll(threads: readonly BrokerThread[]): Promise<void> {
  const outcomes = await Promise.allSettled(threads.map((thread) => thread.stop()))
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'several brokers failed')
}

function lockDataFolder({ dataFolder }: ClusterPlan, { fileSystem }: Platform): FolderLock {
  fileSystem.makeFolder(dataFolder)
  try {
    return fileSystem.lockFolder(`${dataFolder}/lock`)
  } catch (error) {
    if (!(error instanceof FolderLockedError)) throw error
    const { holderPid } = error
    const holder = holderPid === undefined ? 'another process' : `process ${holderPid}`
    const stop = holderPid === undefined ? 'stop it' : `stop it (kill ${holderPid})`
    throw new UserError(`${dataFolder} is in use by ${holder}: ${stop}, or choose another folder with --data`)
  }
}

async function startNameServer(plan: ClusterPlan, platform: Platform) {
  const { port, folder } = plan.nameServer
  platform.fileSystem.makeFolder(folder)
  const storedFile = `${folder}/namesrv.properties`
  const isStored = platform.fileSystem.status(storedFile) !== undefined
  const stored = isStored ? readConfFile(platform.fileSystem, storedFile, '--data') : noProperties
  const log = createLog('name server')
  const { values: settings, warnings } = readNameServerConf(nameServerProperties(plan, stored), platform)
  for (const warning of warnings) log.warn({}, warning)
  return createNameServer({ settings, platform, log }).catch((error: unknown) => {
    throw explainListenError(error, port, 'it is for the name server: choose another with --namesrv-port')
  })
}
