import { createNameServer } from '@rocketmq-ts/name-server'
import { type FolderLock, FolderLockedError, type Log, type Platform } from '@rocketmq-ts/platform'
import { formatAddress } from '@rocketmq-ts/remoting'
import { resolvedAddresses } from '../addresses.ts'
import { readConfFile } from '../conf-file.ts'
import { describeError, explainStartError } from '../describe-error.ts'
import { createLog, type LogOptions } from '../log.ts'
import { readBrokerConf } from '../read-broker-conf.ts'
import { readNameServerConf } from '../read-name-server-conf.ts'
import { type RunningService, runUntilStopped } from '../run-until-stopped.ts'
import { noProperties, type SourcedProperties, withOverrides } from '../sourced-properties.ts'
import { UserError } from '../user-error.ts'
import { BrokerThread } from './broker-thread.ts'
import { brokerSources, checkSharedConf, nameServerSources, warnOfHost } from './cluster-properties.ts'
import { advertisedHost, type ClusterOptions, type ClusterPlan, ownHost, type PlannedBroker } from './plan-cluster.ts'
import { readyJson, readyMessage } from './ready-message.ts'

/**
 * Runs a name server and brokers in this process until they are stopped.
 *
 * @returns the exit code of the process
 */
export async function runCluster(
  plan: ClusterPlan,
  options: Pick<ClusterOptions, 'brokerConf' | 'stopWithParent' | 'acceptLostMessages' | 'json'> & LogOptions,
  platform: Platform,
): Promise<number> {
  const { brokerConf, stopWithParent, logLevel, logFormat, acceptLostMessages = false, json = false } = options
  const logOptions = { logLevel, logFormat }
  const log = createLog('rocketmq', logOptions)
  const conf = brokerConf === undefined ? noProperties : readConfFile(platform.fileSystem, brokerConf, '--broker-conf')
  await warnOfSharedConf(plan, conf, platform, log)
  const start = () => startCluster(plan, conf, { platform, log, logOptions, acceptLostMessages, json })
  return runUntilStopped(start, { log, clock: platform.clock, stopWithParent })
}

/** Finds mistakes in the files before anything is started. */
async function warnOfSharedConf(
  plan: ClusterPlan,
  conf: SourcedProperties,
  platform: Platform,
  log: Log,
): Promise<void> {
  const warnings = new Set(checkSharedConf(plan, conf))
  for (const broker of plan.brokers) {
    const { sourced, keptChanges, ...read } = await brokerConf(
      plan,
      conf,
      broker,
      plan.nameServer.port || 9876,
      platform,
    )
    for (const warning of [...read.warnings, warnOfHost(plan, sourced)])
      if (warning !== undefined) warnings.add(warning)
    if (keptChanges !== undefined) log.info({ broker: broker.name }, keptChanges)
  }
  for (const warning of warnings) log.warn({}, warning)
}

/** The settings of one broker, with IP addresses in place of names. */
async function brokerConf(
  plan: ClusterPlan,
  conf: SourcedProperties,
  broker: PlannedBroker,
  nameServerPort: number,
  platform: Platform,
) {
  const addresses = {
    host: plan.host,
    advertised: advertisedHost(plan, platform.network.localAddress()),
    nameServer: formatAddress({ host: ownHost(plan), port: nameServerPort }),
  }
  const read = readBrokerConf(brokerSources(broker, conf, addresses), platform)
  return { ...read, sourced: withOverrides(read.sourced, await resolvedAddresses(read.sourced), broker.name) }
}

interface ClusterParts {
  readonly platform: Platform
  readonly log: Log
  readonly logOptions: LogOptions
  readonly acceptLostMessages: boolean
  readonly json: boolean
}

async function startCluster(
  plan: ClusterPlan,
  conf: SourcedProperties,
  { platform, log, logOptions, acceptLostMessages, json }: ClusterParts,
): Promise<RunningService> {
  const opened = new AsyncDisposableStack()
  try {
    const lock = lockDataFolder(plan, platform)
    opened.defer(() => lock.release())
    const nameServer = await startNameServer(plan, platform, logOptions)
    opened.defer(() => nameServer.close())
    const { port } = nameServer.address
    const confs = await Promise.all(plan.brokers.map((broker) => brokerConf(plan, conf, broker, port, platform)))
    const threads = plan.brokers.map(({ name }, index) => {
      const { sourced, decidedKeys } = confs[index]!
      const { properties } = sourced
      return new BrokerThread({ name, properties, decidedKeys, log: logOptions, acceptLostMessages })
    })
    opened.defer(() => stopAll(threads))
    const addresses = await Promise.all(threads.map(({ ready }) => ready))
    const brokers = threads.map(({ name }, index) => ({ name, address: addresses[index]! }))
    return {
      readyMessage: (json ? readyJson : readyMessage)(
        plan,
        formatAddress({ host: advertisedHost(plan, platform.network.localAddress()), port }),
        brokers,
      ),
      failed: Promise.race(threads.map(({ failed }) => failed)),
      close: () => opened.disposeAsync(),
    }
  } catch (error) {
    await opened.disposeAsync().catch((closing) => log.error({}, `closing failed: ${describeError(closing)}`))
    throw explainStartError(error, {
      owner: 'the name server',
      listenPort: plan.nameServer.port,
      portAdvice: 'choose another with --namesrv-port',
      hostAdvice: 'choose another with --host',
      folder: plan.dataFolder,
      folderAdvice: 'choose another folder with --data',
    })
  }
}

async function stopAll(threads: readonly BrokerThread[]): Promise<void> {
  const outcomes = await Promise.allSettled(threads.map((thread) => thread.stop()))
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'several brokers failed')
}

function lockDataFolder({ dataFolder }: ClusterPlan, { fileSystem }: Platform): FolderLock {
  try {
    fileSystem.makeFolder(dataFolder)
    return fileSystem.lockFolder(`${dataFolder}/lock`)
  } catch (error) {
    if (!(error instanceof FolderLockedError)) throw error
    const { holderPid, holder } = error
    const stop = holderPid === undefined ? 'stop it' : `stop it (kill ${holderPid})`
    throw new UserError(`${dataFolder} is in use by ${holder}: ${stop}, or choose another folder with --data`)
  }
}

async function startNameServer(plan: ClusterPlan, platform: Platform, logOptions: LogOptions) {
  const { folder } = plan.nameServer
  platform.fileSystem.makeFolder(folder)
  const log = createLog('name server', logOptions)
  const { values: settings, decidedKeys, keptChanges, warnings } = readNameServerConf(nameServerSources(plan), platform)
  for (const warning of warnings) log.warn({}, warning)
  if (keptChanges !== undefined) log.info({}, keptChanges)
  return createNameServer({ settings, decidedKeys, platform, log })
}
