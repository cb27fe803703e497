import type { Clock } from '@rocketmq-ts/platform'
import type { commands, RequestOf } from '@rocketmq-ts/protocol'
import type { RemotingConnection } from '@rocketmq-ts/remoting'
import type { MessageStore, ReadResult } from '@rocketmq-ts/storage'
import type { ConsumerRegistry } from '../clients/index.ts'
import type { ConsumerFilterTable, ExpressionCompiler } from '../filters/index.ts'
import type { GroupTable } from '../groups/index.ts'
import type { ConsumerOffsetTable } from '../offsets/index.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { BrokerStatistics } from '../statistics/index.ts'
import type { TopicTable } from '../topics/index.ts'
import { ColdReadLimits } from './cold-read-limits.ts'
import {
  getColdDataFlowCtrInfo,
  removeColdDataFlowCtrConfig,
  updateColdDataFlowCtrConfig,
} from './handlers/cold-data.ts'
import { litePullMessage } from './handlers/lite-pull-message.ts'
import { checkPull, pullMessage } from './handlers/pull-message.ts'
import { queryMessage } from './handlers/query-message.ts'
import { viewMessageById } from './handlers/view-message-by-id.ts'
import { LongPolling } from './long-polling.ts'
import { type PacedReadLimits, PacedReads } from './paced-reads.ts'

export interface ReadingParts {
  clock: Clock
  settings(): BrokerSettings
  store: Pick<
    MessageStore,
    'read' | 'readAtOnce' | 'minOffset' | 'maxOffset' | 'recordAt' | 'findByKey' | 'lastIndexed' | 'onCutBack'
  >
  topics: Pick<TopicTable, 'get' | 'onDelete' | 'dataVersion'>
  groups: Pick<GroupTable, 'find' | 'isReadForbidden' | 'dataVersion'>
  consumers: ConsumerRegistry
  offsets: ConsumerOffsetTable
  compiler: ExpressionCompiler
  filters: ConsumerFilterTable
  counters: BrokerStatistics
}

/** A fifth of the places that pulls have by default. */
const heldPullsPerConnectionMax = 20_000
/** A fifth of the places that pulls have by default is for connections that wait for many files. */
const pacedReadLimits: PacedReadLimits = {
  perConnectionMax: 1_024,
  crowdedFrom: 20_000,
  perConnectionMaxWhenCrowded: 64,
}

/** Giving messages to those who ask: by queue, by position, by key. */
export function createReading(parts: ReadingParts) {
  const { clock, settings, store, topics, groups, consumers, offsets, compiler, filters, counters } = parts
  const pacedReads = new PacedReads(pacedReadLimits)
  const longPolling = new LongPolling(clock, heldPullsPerConnectionMax)
  const coldReadLimits = new ColdReadLimits(clock, settings)
  topics.onDelete((topic) => longPolling.giveUp(topic))
  store.onCutBack(() => longPolling.retryAll())
  let knownSettings = settings()
  let settingsVersion = 0
  const accessVersion = (): number => {
    const current = settings()
    if (current !== knownSettings) settingsVersion++
    knownSettings = current
    return topics.dataVersion.counter + groups.dataVersion.counter + settingsVersion
  }
  const pull = {
    store,
    topics,
    groups,
    consumers,
    offsets,
    compiler,
    filters,
    longPolling,
    pacedReads,
    accessVersion,
    coldReadLimits,
    brokerPermission: () => settings().brokerPermission,
    settings,
    clock,
    onFound: (group: string, topic: string, queueId: number, { count, byteCount }: ReadResult, elapsedMs: number) =>
      counters.pullTook(counters.got(group, topic, count, byteCount), queueId, elapsedMs),
    onMissed: () => counters.missed(),
  }
  return {
    /** Messages arrived in a queue. */
    arrived: (topic: string, queueId: number) => longPolling.arrived(topic, queueId),
    /** Answers pulls that wait for a topic's messages: its queues are elsewhere now. */
    giveUp: (topic: string) => longPolling.giveUp(topic),
    /** What holds and paces pulls of parts of static topics that other brokers have. */
    longPolling,
    pacedReads,
    /** @throws ProtocolError for a pull that may not be served, whichever broker has its queue */
    checkPull: (header: RequestOf<typeof commands.pullMessage>, connection: RemotingConnection): void =>
      checkPull(header, connection, pull),
    /** Pulls of a lane that wait for messages; they are no work. */
    heldIn: (lane: string) => (lane === 'pull' || lane === 'lite-pull' ? longPolling.countIn(lane) : 0),
    handlers: {
      pullMessage: pullMessage({ ...pull, lane: 'pull' }),
      litePullMessage: litePullMessage({ ...pull, lane: 'lite-pull' }),
      viewMessageById: viewMessageById({ store, pacedReads }),
      queryMessage: queryMessage({ store, pacedReads, settings }),
      updateColdDataFlowCtrConfig: updateColdDataFlowCtrConfig({ coldReadLimits }),
      removeColdDataFlowCtrConfig: removeColdDataFlowCtrConfig({ coldReadLimits }),
      getColdDataFlowCtrInfo: getColdDataFlowCtrInfo({ coldReadLimits }),
    },
    start: () => coldReadLimits.start(),
    disconnected: (connection: RemotingConnection) => longPolling.disconnected(connection.id),
    drain: () => {
      coldReadLimits.close()
      longPolling.close()
      pacedReads.close()
    },
    stats: () => ({
      heldPulls: longPolling.countIn('pull'),
      heldLitePulls: longPolling.countIn('lite-pull'),
      pacedReads: pacedReads.underWay,
      heldColdPulls: coldReadLimits.waitingCount,
    }),
  }
}
