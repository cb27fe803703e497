import { BoundedLog, type Clock, type Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler, RemotingClient } from '@rocketmq-ts/remoting'
import type { MessageStore } from '@rocketmq-ts/storage'
import { TopicRoutes } from '../assignment/topic-routes.ts'
import type { Identity } from '../identity.ts'
import type { ConsumerOffsetTable } from '../offsets/index.ts'
import type { LongPolling } from '../reading/long-polling.ts'
import type { PacedReads } from '../reading/paced-reads.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { TopicTable } from '../topics/index.ts'
import { ForwardedCommits } from './forwarded-commits.ts'
import { updateAndCreateStaticTopic } from './handlers/update-and-create-static-topic.ts'
import { ItemCalls } from './item-calls.ts'
import { MappingCleaning } from './mapping-cleaning.ts'
import type { MappingTable } from './mapping-table.ts'
import { type OffsetHandlers, redirectedOffsets } from './redirected-offsets.ts'
import { type RedirectedPullParts, RedirectedPulls } from './redirected-pulls.ts'

export interface StaticTopicsParts {
  clock: Clock
  log: Log
  identity: Identity
  settings(): BrokerSettings
  mappings: MappingTable
  topics: TopicTable
  offsets: Pick<ConsumerOffsetTable, 'commit' | 'isResetPending'>
  store: Pick<MessageStore, 'minOffset' | 'maxOffset' | 'syncLog'>
  /** How name servers and other brokers are called. */
  calls: Pick<RemotingClient, 'call'>
  /** Resolves when the name servers know what changed. */
  whenRegistered(): Promise<void>
  /** What pulls of parts that other brokers have share with those of this broker's own queues. */
  reading: {
    longPolling: LongPolling
    pacedReads: PacedReads
    checkPull: RedirectedPullParts['check']
    /** Answers pulls that wait for messages of a topic: another broker may lead its queues now. */
    giveUp(topic: string): void
  }
  /** The handlers of this broker's own queues. */
  handlers: OffsetHandlers & {
    pullMessage: Handler<typeof commands.pullMessage>
    litePullMessage: Handler<typeof commands.pullMessage>
  }
}

/**
 * Static topics: their logical queues stay as many as they are, while the messages of each are on one broker after another.
 * Whoever leads a logical queue answers for all of it, and asks the brokers that hold its older parts.
 */
export function createStaticTopics(parts: StaticTopicsParts) {
  const { clock, log, identity, settings, mappings, topics, offsets, store, calls, reading, handlers } = parts
  const routes = new TopicRoutes({ clock, calls, nameServers: () => settings().namesrvAddr })
  const itemCalls = new ItemCalls({
    calls,
    masterAddress: (topic, brokerName) => routes.masterAddress(topic, brokerName),
    doubtMaster: (topic, brokerName, address) => routes.doubtMaster(topic, brokerName, address),
    reads: reading.pacedReads,
    timeoutMs: () => settings().forwardTimeout,
  })
  const changed = (topic: string): void => {
    topics.mappingChanged(topic)
    reading.giveUp(topic)
  }
  const commits = new ForwardedCommits({ itemCalls, reads: reading.pacedReads })
  const pulls = new RedirectedPulls({
    ...{ mappings, itemCalls, commits, offsets },
    log: new BoundedLog(log, clock),
    longPolling: reading.longPolling,
    check: reading.checkPull,
  })
  const cleaning = new MappingCleaning({
    clock,
    log,
    mappings,
    itemCalls,
    store,
    leaders: (topic) => routes.leaders(topic),
    hours: () => settings().deleteWhen,
    onCleaned: changed,
  })
  return {
    handlers: {
      updateAndCreateStaticTopic: updateAndCreateStaticTopic({
        brokerName: identity.brokerName,
        mappings,
        topics: {
          update: (updates, peer) => topics.update(updates, peer),
          mappingChanged: changed,
          secured: () => topics.secured(),
        },
        store,
        whenRegistered: () => parts.whenRegistered(),
      }),
      pullMessage: pulls.redirected('pull', handlers.pullMessage),
      litePullMessage: pulls.redirected('lite-pull', handlers.litePullMessage),
      ...redirectedOffsets(handlers, { mappings, itemCalls, commits }),
    },
    start: () => cleaning.start(),
    drain() {
      cleaning.close()
      pulls.close()
    },
  }
}
