import { BoundedLog, type Clock, type Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler, RemotingClient } from '@rocketmq-ts/remoting'
import type { MessageStore } from '@rocketmq-ts/storage'
import { TopicRoutes } from '../assignment/topic-routes.ts'
import type { Identity } from '../identity.ts'
import type { ConsumerOffsetTable } from '../offsets/index.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { TopicTable } from '../topics/index.ts'
import { updateAndCreateStaticTopic } from './handlers/update-and-create-static-topic.ts'
import { ItemCalls } from './item-calls.ts'
import { MappingCleaning } from './mapping-cleaning.ts'
import type { MappingTable } from './mapping-table.ts'
import { type OffsetHandlers, redirectedOffsets } from './redirected-offsets.ts'
import { RedirectedPulls } from './redirected-pulls.ts'

export interface StaticTopicsParts {
  clock: Clock
  log: Log
  identity: Identity
  settings(): BrokerSettings
  mappings: MappingTable
  topics: TopicTable
  offsets: Pick<ConsumerOffsetTable, 'commit'>
  store: Pick<MessageStore, 'minOffset' | 'maxOffset' | 'syncLog'>
  /** How name servers and other brokers are called. */
  calls: Pick<RemotingClient, 'call'>
  /** Resolves when the name servers know what changed. */
  whenRegistered(): Promise<void>
  /** Answers pulls that wait for messages of a topic: another broker may lead its queues now. */
  giveUpPulls(topic: string): void
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
  const { clock, log, identity, settings, mappings, topics, offsets, store, calls, handlers } = parts
  const routes = new TopicRoutes({ clock, calls, nameServers: () => settings().namesrvAddr })
  const itemCalls = new ItemCalls({
    calls,
    masterAddress: (topic, brokerName) => routes.masterAddress(topic, brokerName),
    timeoutMs: () => settings().forwardTimeout,
  })
  const changed = (topic: string): void => {
    topics.mappingChanged(topic)
    parts.giveUpPulls(topic)
  }
  const pulls = new RedirectedPulls({ clock, log: new BoundedLog(log, clock), mappings, itemCalls, offsets })
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
      pullMessage: pulls.redirected(handlers.pullMessage),
      litePullMessage: pulls.redirected(handlers.litePullMessage),
      ...redirectedOffsets(handlers, { mappings, itemCalls }),
    },
    start: () => cleaning.start(),
    drain() {
      cleaning.close()
      pulls.close()
    },
  }
}
