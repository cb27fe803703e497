import { isLoopback } from '../addresses.ts'
import type { SettingsSources } from '../kept-changes.ts'
import { noProperties, type SourcedProperties, withDefaults } from '../sourced-properties.ts'
import { UserError } from '../user-error.ts'
import type { ClusterPlan, PlannedBroker } from './plan-cluster.ts'

/** The source, in messages, of the settings that `rocketmq start` decides. */
const source = 'rocketmq start'

const decidedKeys = ['brokerName', 'listenPort', 'bindAddress', 'storePathRootDir', 'brokerConfigPath']

/** The sources of the name server's settings. Changes by requests are kept in its folder. */
export function nameServerSources(plan: ClusterPlan): SettingsSources {
  const { port, folder } = plan.nameServer
  const decided = {
    bindAddress: plan.host,
    listenPort: String(port),
    kvConfigPath: `${folder}/kvConfig.json`,
    configStorePath: `${folder}/namesrv.properties`,
  }
  return { conf: noProperties, decided, decidedBy: source }
}

/**
 * The sources of one broker's settings.
 *
 * @param conf the file for all brokers
 * @param host address to listen at
 * @param advertised address for clients, unless `conf` names another one
 * @param nameServer address of the name server of this process; name servers of `conf` come after it
 */
export function brokerSources(
  broker: PlannedBroker,
  conf: SourcedProperties,
  { host, advertised, nameServer }: { host: string; advertised: string; nameServer: string },
): SettingsSources {
  const others = conf.properties.get('namesrvAddr')?.trim()
  return {
    conf: withDefaults(conf, { brokerIP1: advertised }, source),
    decided: {
      brokerName: broker.name,
      listenPort: String(broker.port),
      bindAddress: host,
      storePathRootDir: broker.folder,
      brokerConfigPath: '',
      namesrvAddr: others ? `${nameServer};${others}` : nameServer,
    },
    decidedBy: others ? `${source} with ${conf.sourceOf('namesrvAddr')}` : source,
  }
}

/**
 * Warnings about a file for all brokers.
 *
 * @throws UserError when brokers would write into the same folder
 */
export function checkSharedConf(plan: ClusterPlan, conf: SourcedProperties): string[] {
  if (plan.brokers.length > 1 && conf.properties.has('storePathCommitLog')) {
    throw new UserError(
      `${conf.sourceOf('storePathCommitLog')}: storePathCommitLog would be shared by ${plan.brokers.length} brokers, and each needs its own: leave it out`,
    )
  }
  return decidedKeys
    .filter((key) => conf.properties.has(key))
    .map((key) => `${conf.sourceOf(key)}: ${key} has no effect: "rocketmq start" sets it for each broker`)
}

/** A warning about the address that the file gives to clients, or undefined. */
export function warnOfHost({ host }: ClusterPlan, conf: SourcedProperties): string | undefined {
  const brokerIP1 = conf.properties.get('brokerIP1')
  if (brokerIP1 === undefined || isLoopback(brokerIP1) || !isLoopback(host)) return undefined
  return `${conf.sourceOf('brokerIP1')}: brokerIP1=${brokerIP1} is given to clients, and everything listens at ${host} only: add --host 0.0.0.0`
}
