import { type SourcedProperties, withDefaults, withOverrides } from '../sourced-properties.ts'
import { UserError } from '../user-error.ts'
import type { ClusterPlan, PlannedBroker } from './plan-cluster.ts'

/** The part of the settings that `rocketmq start` decides, as the source in messages. */
const source = 'rocketmq start'

const decidedKeys = ['brokerName', 'listenPort', 'storePathRootDir']

/** @param stored what earlier changes by requests left in the folder of the name server */
export function nameServerProperties(plan: ClusterPlan, stored: SourcedProperties): SourcedProperties {
  const { port, folder } = plan.nameServer
  const decided = {
    listenPort: String(port),
    kvConfigPath: `${folder}/kvConfig.json`,
    configStorePath: `${folder}/namesrv.properties`,
  }
  return withOverrides(stored, decided, source)
}

/**
 * The properties of one broker.
 *
 * @param conf the file for all brokers
 * @param nameServer address of the name server of this process; those that `conf` names come after it
 */
export function brokerProperties(
  broker: PlannedBroker,
  conf: SourcedProperties,
  nameServer: string,
): SourcedProperties {
  const others = conf.properties.get('namesrvAddr')?.trim()
  const withAddress = withDefaults(conf, { brokerIP1: '127.0.0.1' }, source)
  return withOverrides(
    withAddress,
    {
      brokerName: broker.name,
      listenPort: String(broker.port),
      storePathRootDir: broker.folder,
      namesrvAddr: others ? `${nameServer};${others}` : nameServer,
    },
    others ? conf.sourceOf('namesrvAddr') : source,
  )
}

/**
 * What the user should know about a file for all brokers.
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
