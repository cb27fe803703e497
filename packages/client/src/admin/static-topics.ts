import {
  commands,
  isDecided,
  leaderItem,
  logicalQueuesMax,
  type TopicRemapping,
  topicConfigAndMappingTableBody,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'
import { type ClusterCalls, clusterTold } from './cluster-calls.ts'
import type { StaticTopicChange, StaticTopicDescription, StaticTopicMove, StaticTopicSettings } from './descriptions.ts'
import { StaticTopicBrokers } from './static-topic-brokers.ts'
import {
  isUnfinished,
  newestQueues,
  planOfCompletion,
  planOfMove,
  planOfQueues,
  refuseRivals,
  refuseWithoutLeaders,
  rivalsOf,
  type StaticTopicState,
  withOtherBrokers,
} from './static-topic-plan.ts'
import { routed } from './topics.ts'

/** So many epochs may be chosen at the same time. */
const epochsAtOnce = 500

const settingFields = knownFields<StaticTopicSettings>({ queues: true, brokers: true })
const moveFields = knownFields<StaticTopicMove>({ brokers: true })

/** Names of the topics that are static on any broker, in their order; those of other namespaces are not among them. */
export async function staticTopicNames(calls: ClusterCalls, deadline: Deadline): Promise<string[]> {
  const names = new Set<string>()
  for (const master of await calls.masters(deadline)) {
    const { read } = await calls.ask(master, commands.getAllTopicConfig, {}, deadline)
    for (const topic of read(topicConfigAndMappingTableBody.decode).topicQueueMappingDetailMap.keys()) names.add(topic)
  }
  const { namespace } = calls.client
  return [...names]
    .map((topic) => namespace.unwrap(topic))
    .filter((topic) => names.has(namespace.wrap(topic)))
    .sort()
}

/** @throws RocketMQError TOPIC_NOT_EXIST, or INVALID_PARAMETER for an ordinary topic */
export async function describeStaticTopic(
  calls: ClusterCalls,
  topic: string,
  deadline: Deadline,
): Promise<StaticTopicDescription> {
  const brokers = await brokersOf(calls, deadline)
  return described(calls, topic, await existing(brokers, topic))
}

/** Makes a static topic, or gives it more queues. */
export async function createStaticTopic(
  calls: ClusterCalls,
  topic: string,
  settings: StaticTopicSettings,
  isDryRun: boolean,
  deadline: Deadline,
): Promise<StaticTopicChange> {
  refuseUnknownFields('a static topic', settings, settingFields)
  const { queues } = settings
  if (!(Number.isInteger(queues) && queues >= 1 && queues <= logicalQueuesMax)) {
    throw invalidArgument(`queues is ${queues}: give 1 to ${logicalQueuesMax}`)
  }
  const targets = await targetsOf(calls, settings.brokers, deadline)
  const brokers = await brokersOf(calls, deadline)
  const before = await brokers.stateOf(topic)
  if (before.size > 0) refuseUnfinished(topic, before)
  const plan = planOfQueues(topic, queues, targets, before, epochFrom(calls))
  const everywhere = withOtherBrokers(plan, brokers.around(plan))
  const known = before.size === 0 ? undefined : described(calls, topic, before)
  if (!isDryRun) {
    await brokers.reserve(everywhere, before)
    await brokers.writeAll(everywhere)
    const names = [...everywhere.brokerConfigMap.keys()].map((name) => ({ name }))
    await routed(calls, topic, names, deadline)
  }
  return { before: known, after: described(calls, topic, everywhere.brokerConfigMap) }
}

/** @throws RocketMQError TOPIC_NOT_EXIST, INVALID_PARAMETER for an ordinary topic or one whose last change is not done */
export async function moveStaticTopic(
  calls: ClusterCalls,
  topic: string,
  move: StaticTopicMove,
  isDryRun: boolean,
  deadline: Deadline,
): Promise<StaticTopicChange> {
  refuseUnknownFields('a move', move, moveFields)
  if (!Array.isArray(move.brokers)) throw invalidArgument('brokers is missing: those that are to lead the queues')
  const targets = await targetsOf(calls, move.brokers, deadline)
  const brokers = await brokersOf(calls, deadline)
  const before = await existing(brokers, topic)
  refuseUnfinished(topic, before)
  const plan = planOfMove(topic, targets, before, epochFrom(calls))
  if (!isDryRun) await moved(brokers, plan, before)
  return changed(calls, topic, brokers, before, isDryRun ? plan.brokerConfigMap : undefined)
}

/** Does what is left of a change that was interrupted; nothing when none was. */
export async function completeStaticTopic(
  calls: ClusterCalls,
  topic: string,
  isDryRun: boolean,
  deadline: Deadline,
): Promise<StaticTopicChange> {
  const brokers = await brokersOf(calls, deadline)
  const before = await existing(brokers, topic)
  if (!isUnfinished(topic, before)) return changed(calls, topic, brokers, before, before)
  const plan = planOfCompletion(topic, before, epochFrom(calls))
  if (!isDryRun) await moved(brokers, plan, before)
  return changed(calls, topic, brokers, before, isDryRun ? plan.brokerConfigMap : undefined)
}

/** Milliseconds since 1970 from which epochs are made: not those of somebody else who plans a change now. */
function epochFrom({ client }: ClusterCalls): number {
  return client.runtime.clock.now() + 2 * client.runtime.random.below(epochsAtOnce)
}

async function moved(brokers: StaticTopicBrokers, plan: TopicRemapping, before: StaticTopicState): Promise<void> {
  const everywhere = withOtherBrokers(plan, brokers.around(plan))
  await brokers.reserve(everywhere, before)
  await brokers.move(everywhere)
}

async function brokersOf(calls: ClusterCalls, deadline: Deadline): Promise<StaticTopicBrokers> {
  const cluster = await calls.client.nameServers.read(commands.getBrokerClusterInfo, {}, deadline, clusterTold)
  return new StaticTopicBrokers(calls, cluster, () => deadline)
}

/** @returns names, of all brokers that take requests where none are given */
async function targetsOf(
  calls: ClusterCalls,
  names: readonly string[] | undefined,
  deadline: Deadline,
): Promise<ReadonlySet<string>> {
  if (names?.length === 0) throw invalidArgument('brokers is empty: name at least one')
  return new Set((await calls.masters(deadline, names)).map(({ name }) => name))
}

/** @throws RocketMQError TOPIC_NOT_EXIST */
async function existing(brokers: StaticTopicBrokers, topic: string): Promise<StaticTopicState> {
  const state = await brokers.stateOf(topic)
  if (state.size > 0) return state
  throw new RocketMQError('TOPIC_NOT_EXIST', `no broker has a topic ${topic}`, { topic })
}

function refuseUnfinished(topic: string, state: StaticTopicState): void {
  if (!isUnfinished(topic, state)) return
  refuseWithoutLeaders(topic, state)
  refuseRivals(topic, state)
  const reason =
    'its last change is under way, or was interrupted: completeStaticTopic (rocketmq static complete) does the rest'
  throw new RocketMQError('INVALID_PARAMETER', `the static topic ${topic} cannot be changed: ${reason}`, { topic })
}

/** @param planned what there would be; what there is without it */
async function changed(
  calls: ClusterCalls,
  topic: string,
  brokers: StaticTopicBrokers,
  before: StaticTopicState,
  planned: StaticTopicState | undefined,
): Promise<StaticTopicChange> {
  const after = planned ?? (await brokers.stateOf(topic))
  return { before: described(calls, topic, before), after: described(calls, topic, after) }
}

function described(calls: ClusterCalls, topic: string, state: StaticTopicState): StaticTopicDescription {
  const newest = newestQueues(topic, state)
  const rivals = rivalsOf(topic, state)
  const details = [...state.values()].map(({ mappingDetail }) => mappingDetail!)
  const count = Math.min(Math.max(...details.map(({ totalQueues }) => totalQueues)), logicalQueuesMax)
  return {
    topic: calls.client.namespace.unwrap(topic),
    epoch: Math.max(...details.map(({ epoch }) => epoch)),
    isUnfinished: isUnfinished(topic, state),
    brokers: [...state.keys()].sort(),
    queues: Array.from({ length: count }, (_, queueId) => {
      const items = newest.get(queueId) ?? []
      return {
        queueId,
        leader: leaderItem(items)?.bname,
        rivals: rivals.get(queueId) ?? [],
        parts: items.map((item) => ({
          generation: item.gen,
          broker: item.bname!,
          brokerQueueId: item.queueId,
          startOffset: isDecided(item) ? item.logicOffset : undefined,
          brokerStartOffset: item.startOffset,
        })),
      }
    }),
  }
}
