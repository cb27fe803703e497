import type { Log, Platform } from '@rocketmq-ts/platform'
import type { MessageStore } from '@rocketmq-ts/storage'
import { createAdministration } from './administration/create-administration.ts'
import { createAssignment } from './assignment/create-assignment.ts'
import { createClients } from './clients/create-clients.ts'
import { createDelay } from './delay/create-delay.ts'
import type { FeatureList } from './feature.ts'
import { createFilters } from './filters/create-filters.ts'
import type { BrokerFollowers } from './followers.ts'
import { createGroups } from './groups/create-groups.ts'
import { SendOnce } from './idempotence/send-once.ts'
import type { Identity } from './identity.ts'
import { ConfigFolder } from './kept/index.ts'
import { createLite } from './lite/create-lite.ts'
import type { LiveSettings } from './live-settings.ts'
import { createLocks } from './locks/create-locks.ts'
import { LoopShare, Walks } from './loop-share.ts'
import { createOffsets } from './offsets/create-offsets.ts'
import { createPop } from './pop/create-pop.ts'
import { createReading } from './reading/create-reading.ts'
import { createRegistration } from './registration/create-registration.ts'
import { createReplies } from './replies/create-replies.ts'
import { createRetries } from './retries/create-retries.ts'
import { createSending } from './sending/create-sending.ts'
import { createStaticTopics } from './static-topics/create-static-topics.ts'
import { MappingTable } from './static-topics/mapping-table.ts'
import { createStatistics } from './statistics/create-statistics.ts'
import { createTimers } from './timers/create-timers.ts'
import { createTopics } from './topics/create-topics.ts'
import type { TopicQueueTypes } from './topics/index.ts'
import { createTraces } from './traces/create-traces.ts'
import { createTransactions } from './transactions/create-transactions.ts'

export interface FeaturesParts {
  /** Gets each feature when it is made. */
  features: FeatureList
  platform: Platform
  log: Log
  processId: number
  identity: Identity
  liveSettings: LiveSettings
  store: MessageStore
  /** What the store asks about topics. */
  queueTypes: TopicQueueTypes
  /** What followed the log while the store was opened. */
  followers: BrokerFollowers
  /** Requests of a lane that have no answer yet. */
  waitingIn(lane: string): number
}

/** What the broker can do and what it tells of itself, from all its features. */
export type Features = ReturnType<typeof createFeatures>

/** What all answers together that go through very much take of a turn of the loop, in milliseconds. */
const walksMs = 5

/** How long name servers are waited for by one who creates a topic, and by one who sends to a topic that is made for it. */
const creationMsMax = 3000
/** Less than the time that producers give a send. */
const routeMsMax = 1000

/** Makes all features of a broker: each is given what it names, from those before it. */
export function createFeatures(parts: FeaturesParts) {
  const { features, platform, log, processId, identity, liveSettings, store, waitingIn } = parts
  const { clock, fileSystem, network, random } = platform
  const settings = () => liveSettings.current
  const config = new ConfigFolder(fileSystem, clock, log, settings().storePathRootDir, store)
  const statistics = features.add(createStatistics({ clock, identity, store, settings }))
  const { counters, sink, sentSink } = statistics
  const walks = new Walks(new LoopShare(clock, walksMs))
  const mappings = new MappingTable(config, identity.brokerName)
  const whenProgressRemoved = async (): Promise<void> => {
    await Promise.all([offsets.table.removed(), pop.whenOrdersRemoved()])
  }
  const topics = features.add(
    createTopics({
      config,
      mappings,
      identity,
      liveSettings,
      store,
      queueTypes: parts.queueTypes,
      counters,
      whenRegistered: (): Promise<void> => registration.settled(creationMsMax),
      async whenProgressRemoved(deleted) {
        await Promise.all(deleted.map((topic) => lite.whenRemoved(topic)))
        await Promise.all([whenProgressRemoved(), assignment.whenModesRemoved()])
      },
    }),
  )
  const groups = features.add(
    createGroups({
      config,
      settings,
      counters,
      whenProgressRemoved,
      whenModesRemoved: (): Promise<void> => assignment.whenModesRemoved(),
    }),
  )
  const tables = { topics: topics.table, groups: groups.table }
  const locks = features.add(createLocks({ clock, settings, groups: groups.table }))
  const filters = features.add(createFilters({ ...tables, config, settings }))
  const { compiler } = filters
  const clients = features.add(
    createClients({ ...tables, clock, log, identity, settings, store, compiler, filters: filters.table, counters }),
  )
  const { consumers, producers } = clients
  const offsets = features.add(
    createOffsets({
      ...tables,
      mappings,
      config,
      identity,
      settings,
      consumers,
      filters: filters.table,
      store,
      counters,
      walks,
    }),
  )
  const { producers: numbered } = parts.followers
  const sendOnce =
    numbered &&
    new SendOnce({
      clock,
      windows: numbered.windows,
      sink: sentSink,
      store,
      isSyncAwaited: () => settings().flushDiskType === 'SYNC_FLUSH',
    })
  const timers = features.add(
    createTimers({
      fileSystem,
      random,
      config,
      identity,
      settings,
      topics: topics.table,
      store,
      sink,
      onDelivered: (message, place): void => traces.stored(message, place, 'delayed'),
    }),
  )
  const timer = timers.rules
  const sending = features.add(
    createSending({
      ...tables,
      clock,
      random,
      processId,
      identity,
      settings,
      sink: sentSink,
      sendOnce,
      timer,
      locks: locks.table,
      whenRegistered: () => registration.settled(routeMsMax),
    }),
  )
  const replies = features.add(createReplies({ log, identity, settings, send: sending.parts, clients }))
  const traces = features.add(createTraces({ clock, log, identity, settings, sink, uniqueId: sending.uniqueId }))
  const retries = features.add(
    createRetries({ ...tables, random, identity, settings, sink, store, counters, traces, timer }),
  )
  const delay = features.add(
    createDelay({ config, identity, settings, topics: topics.table, store, sink, traces, counters }),
  )
  const transactions = features.add(
    createTransactions({
      clock,
      log,
      config,
      identity,
      settings,
      topics: topics.table,
      producers,
      offsets: offsets.table,
      store,
      sink,
      transactions: parts.followers.transactions,
      traces,
      timer,
    }),
  )
  const reading = features.add(
    createReading({
      ...tables,
      clock,
      settings,
      store,
      consumers,
      offsets: offsets.table,
      compiler,
      filters: filters.table,
      counters,
    }),
  )
  const lite = features.add(
    createLite({
      ...tables,
      clock,
      log,
      random,
      identity,
      settings,
      store,
      offsets: offsets.table,
      counters,
      walks,
      calls: { call: (...request) => registration.calls.call(...request) },
    }),
  )
  const pop = features.add(
    createPop({
      ...tables,
      clock,
      log,
      config,
      random,
      identity,
      settings,
      store,
      sink,
      offsets: offsets.table,
      compiler,
      filters: filters.table,
      timer: timers.ownRules,
      timerProgress: timers.progress,
      counters,
      lite: lite.receipts,
    }),
  )
  liveSettings.onChange(() => pop.settingsChanged())
  const administration = features.add(
    createAdministration({
      clock,
      log,
      liveSettings,
      store,
      counters,
      delayProgress: delay.progress,
      timerFigures: timers.figures,
      waitingIn: (lane) => waitingIn(lane) - reading.heldIn(lane) - pop.heldIn(lane) - lite.heldIn(lane),
    }),
  )
  const registration = features.add(
    createRegistration({ clock, log, network, identity, liveSettings, topics: topics.table, mappings }),
  )
  const staticTopics = features.add(
    createStaticTopics({
      clock,
      log,
      identity,
      settings,
      mappings,
      topics: topics.table,
      offsets: offsets.table,
      store,
      calls: registration.calls,
      whenRegistered: () => registration.settled(creationMsMax),
      reading,
      handlers: { ...offsets.handlers, ...reading.handlers },
    }),
  )
  const assignment = features.add(
    createAssignment({
      ...tables,
      clock,
      config,
      settings,
      nameServers: () => settings().namesrvAddr,
      calls: registration.calls,
      consumers,
    }),
  )
  store.onArrival((topic, queueId) => {
    reading.arrived(topic, queueId)
    pop.arrived(topic, queueId)
    lite.arrived(topic)
    delay.arrived(topic, queueId)
    timers.arrived(topic)
  })

  return {
    /** By the keys of the command table. */
    handlers: {
      ...sending.handlers,
      ...replies.handlers,
      ...retries.handlers,
      ...transactions.handlers,
      ...timers.handlers,
      ...reading.handlers,
      ...pop.handlers,
      ...lite.handlers,
      ...clients.handlers,
      ...locks.handlers,
      ...offsets.handlers,
      ...topics.handlers,
      ...groups.handlers,
      ...statistics.handlers,
      ...administration.handlers,
      ...assignment.handlers,
      // In place of those that answer for queues of this broker alone.
      ...staticTopics.handlers,
    },
    /** Told of messages before they are handled. */
    sendLookAhead: sending.lookAhead,
    /** Told about each answered request. */
    observer: statistics.observer,
    /** Topics whose messages go earlier than the log. */
    topicReserves: topics.reserves,
    /** Takes the broker out of the routes: no client is sent here any more. */
    leave: () => registration.leave(),
    /** The numbers of each feature as they are now. */
    stats: () => ({
      statistics: statistics.stats(),
      topics: topics.stats(),
      groups: groups.stats(),
      clients: clients.stats(),
      filters: filters.stats(),
      locks: locks.stats(),
      offsets: offsets.stats(),
      delay: delay.stats(),
      transactions: transactions.stats(),
      timers: timers.stats(),
      reading: reading.stats(),
      pop: pop.stats(),
      lite: lite.stats(),
      registration: registration.stats(),
    }),
  }
}
