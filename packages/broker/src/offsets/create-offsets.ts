import { lightQueueId } from '@rocketmq-ts/protocol'
import type { QueueUnit } from '@rocketmq-ts/storage'
import type { ConsumerRegistry } from '../clients/index.ts'
import type { ConsumerFilterTable } from '../filters/index.ts'
import type { GroupTable } from '../groups/index.ts'
import type { Identity } from '../identity.ts'
import type { KeptFolder } from '../kept/index.ts'
import type { Walks } from '../loop-share.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { MappingTable } from '../static-topics/mapping-table.ts'
import type { TopicTable } from '../topics/index.ts'
import { CheckedOffsets } from './checked-offsets.ts'
import type { ConsumeProgressParts } from './consume-progress.ts'
import { ConsumerOffsetTable } from './consumer-offset-table.ts'
import { cloneGroupOffset } from './handlers/clone-group-offset.ts'
import { getBrokerConsumeStats } from './handlers/get-broker-consume-stats.ts'
import { getConsumeStats } from './handlers/get-consume-stats.ts'
import { getEarliestMsgStoretime } from './handlers/get-earliest-msg-storetime.ts'
import { getMaxOffset } from './handlers/get-max-offset.ts'
import { getMinOffset } from './handlers/get-min-offset.ts'
import { invokeBrokerToGetConsumerStatus } from './handlers/invoke-broker-to-get-consumer-status.ts'
import { invokeBrokerToResetOffset } from './handlers/invoke-broker-to-reset-offset.ts'
import { queryConsumeQueue } from './handlers/query-consume-queue.ts'
import { queryConsumeTimeSpan } from './handlers/query-consume-time-span.ts'
import { queryConsumerOffset } from './handlers/query-consumer-offset.ts'
import { queryCorrectionOffset } from './handlers/query-correction-offset.ts'
import { queryTopicConsumeByWho } from './handlers/query-topic-consume-by-who.ts'
import { queryTopicsByConsumer } from './handlers/query-topics-by-consumer.ts'
import { searchOffsetByTimestamp } from './handlers/search-offset-by-timestamp.ts'
import { updateConsumerOffset } from './handlers/update-consumer-offset.ts'
import type { QueueOffsets } from './queue-offsets.ts'

export interface OffsetsParts {
  config: KeptFolder
  identity: Identity
  settings(): BrokerSettings
  /** The static topics. */
  mappings: Pick<MappingTable, 'get'>
  topics: Pick<TopicTable, 'get' | 'onDelete'>
  groups: Pick<GroupTable, 'get' | 'list' | 'onDelete'>
  consumers: ConsumerRegistry
  filters: Pick<ConsumerFilterTable, 'get'>
  store: QueueOffsets & {
    units(topic: string, queueId: number, fromOffset: number, countMax: number): Promise<QueueUnit[]>
    isInMemory(topic: string, queueId: number, queueOffset: number): boolean
    readonly recovered: { mayHaveLost: boolean }
    onCutBack(listener: () => void): void
    onLightQueuesExpired(listener: (names: readonly string[]) => readonly string[]): void
    positionAt(topic: string, queueId: number, queueOffset: number): number | undefined
    readonly positions: { min: number; max: number }
    queueIds(topic: string): readonly number[]
    wasRemoved(topic: string): boolean
    hasLightQueue(name: string): boolean
  }
  counters: { groupGetTps(group: string, topic: string): number }
  /** Of long answers. */
  walks: Walks
}

/** Offsets of queues, and how far each group is in them. */
export function createOffsets(parts: OffsetsParts) {
  const { config, identity, settings, mappings, topics, groups, consumers, filters, store, counters, walks } = parts
  const { clock, log } = config
  const { brokerName, brokerAddress } = identity
  const offsets = new ConsumerOffsetTable({
    config,
    flushIntervalMs: settings().flushConsumerOffsetInterval,
    hasLightQueues: settings().enableLmq,
    lightOffsetsMax: () => settings().maxLmqOffsetNum,
    positions: () => store.positions,
  })
  const gone = new Set<string>()
  for (const { topic } of offsets.lightEntries()) if (!store.hasLightQueue(topic)) gone.add(topic)
  const anew = new Set<string>()
  for (const [name, logEnd] of [...offsets.leavingQueues()]) {
    if (isMadeAnew(name, logEnd, store)) anew.add(name)
    else offsets.lightQueueStays(name)
  }
  // A light queue that was removed begins at 0 again: an offset that was written before would pass by what comes.
  if (gone.size > 0) offsets.removeLightQueues([...gone])
  if (anew.size > 0) offsets.beginLightQueuesAnew(anew)
  const deleted = topicsGone(offsets, topics, store)
  for (const topic of deleted) offsets.removeTopic(topic)
  const hasEmptied = beginAgain(offsets, store)
  const checked = new CheckedOffsets({ log, offsets, store })
  if (store.recovered.mayHaveLost) checked.checkAll()
  // What is not there any more must not be back at the next start, when there may be another topic of that name.
  if (deleted.size + gone.size + anew.size > 0 || hasEmptied) checked.keep()
  store.onCutBack(() => {
    offsets.logWasCut()
    checked.checkAll()
  })
  topics.onDelete((topic) => offsets.removeTopic(topic))
  store.onLightQueuesExpired((names) => {
    const leaving = names.filter((name) => offsets.mayLeave(name))
    offsets.removeLightQueues(leaving)
    // A failure is logged where the file is written, and the next round asks again.
    if (leaving.length < names.length) offsets.leavingNoted(false).catch(() => {})
    return leaving
  })
  groups.onDelete((group, withOffsets) => {
    if (withOffsets) offsets.removeGroup(group)
  })
  const groupGetTps = (group: string, topic: string) => counters.groupGetTps(group, topic)
  const progress: ConsumeProgressParts = {
    brokerName,
    topics,
    offsets: {
      topicsOf: (group) => offsets.topicsOf(group),
      offset: (group, topic, queueId) => checked.offset(group, topic, queueId),
      pullOffset: (group, topic, queueId) => offsets.pullOffset(group, topic, queueId),
    },
    store,
    groupGetTps,
  }
  return {
    table: offsets,
    handlers: {
      queryConsumerOffset: queryConsumerOffset({ offsets: checked, store }),
      updateConsumerOffset: updateConsumerOffset({ topics, groups, offsets }),
      searchOffsetByTimestamp: searchOffsetByTimestamp({ store }),
      getMaxOffset: getMaxOffset({ store }),
      getMinOffset: getMinOffset({ store }),
      getEarliestMsgStoretime: getEarliestMsgStoretime({ store }),
      getConsumeStats: getConsumeStats({ ...progress, walks, consumers, mappings }),
      getBrokerConsumeStats: getBrokerConsumeStats({ ...progress, walks, brokerAddress, groups, consumers }),
      queryConsumeTimeSpan: queryConsumeTimeSpan({ clock, brokerName, topics, offsets: checked, store }),
      invokeBrokerToResetOffset: invokeBrokerToResetOffset({
        log,
        brokerName,
        topics,
        groups,
        consumers,
        offsets,
        store,
        settings,
      }),
      invokeBrokerToGetConsumerStatus: invokeBrokerToGetConsumerStatus({ consumers }),
      cloneGroupOffset: cloneGroupOffset({ log, walks, topics, offsets, consumers }),
      queryConsumeQueue: queryConsumeQueue({ topics, store, consumers, filters }),
      queryCorrectionOffset: queryCorrectionOffset({ offsets, store }),
      queryTopicConsumeByWho: queryTopicConsumeByWho({ consumers, offsets }),
      queryTopicsByConsumer: queryTopicsByConsumer({ walks, brokerAddress, offsets }),
    },
    close: () => offsets.close(),
    stats: () => offsets.counts(),
  }
}

/** Whether a light queue that was about to be removed was, and one of its name was made since. */
function isMadeAnew(name: string, logEnd: number, store: OffsetsParts['store']): boolean {
  if (store.minOffset(name, lightQueueId) > 0) return false
  return (store.positionAt(name, lightQueueId, 0) ?? 0) >= logEnd
}

/**
 * Of a topic whose queues were removed the next message gets offset 0: a process that died at once has left the topic, and
 * the offsets of groups in it.
 * @returns whether there were any
 */
function beginAgain(
  offsets: ConsumerOffsetTable,
  store: Pick<OffsetsParts['store'], 'queueIds' | 'wasRemoved'>,
): boolean {
  let hasChanged = false
  const isEmptied = (topic: string): boolean => store.wasRemoved(topic) && store.queueIds(topic).length === 0
  const emptied = [...offsets.ordinaryTopics()].filter(isEmptied)
  for (const topic of emptied) {
    for (const group of offsets.groupsOf(topic)) {
      for (const [queueId, offset] of [...offsets.queuesOf(group, topic)]) {
        if (offset === 0) continue
        offsets.commit(group, topic, queueId, 0)
        hasChanged = true
      }
    }
  }
  return hasChanged
}

/** Topics that were deleted: a process that died at once left the offsets of groups in them. */
function topicsGone(
  offsets: ConsumerOffsetTable,
  topics: Pick<OffsetsParts['topics'], 'get'>,
  store: Pick<OffsetsParts['store'], 'queueIds'>,
): Set<string> {
  const named = [...offsets.ordinaryTopics()]
  return new Set(named.filter((topic) => topics.get(topic) === undefined && store.queueIds(topic).length === 0))
}
