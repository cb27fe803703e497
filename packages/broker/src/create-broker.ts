import type { Address, Log, Platform } from '@rocketmq-ts/platform'
import { RemotingServer } from '@rocketmq-ts/remoting'
import { type LogPositions, MessageStore } from '@rocketmq-ts/storage'
import { createAdministration } from './administration/create-administration.ts'
import type { BrokerStats } from './broker-stats.ts'
import { createClients } from './clients/create-clients.ts'
import { brokerCommandTable, brokerLanes } from './command-table.ts'
import { createDelay } from './delay/create-delay.ts'
import { FeatureList } from './feature.ts'
import { createGroups } from './groups/create-groups.ts'
import { identityOf } from './identity.ts'
import { ConfigFolder } from './kept/index.ts'
import { createLiveSettings } from './live-settings.ts'
import { createLocks } from './locks/create-locks.ts'
import { createOffsets } from './offsets/create-offsets.ts'
import { createReading } from './reading/create-reading.ts'
import { createRegistration } from './registration/create-registration.ts'
import { createRetries } from './retries/create-retries.ts'
import { createSending } from './sending/create-sending.ts'
import type { BrokerSettings } from './settings/index.ts'
import { createStatistics } from './statistics/create-statistics.ts'
import { storeOptions } from './store-options.ts'
import { createTopics } from './topics/create-topics.ts'

export interface CreateBrokerOptions {
  settings: BrokerSettings
  platform: Platform
  log: Log
  /** Absolute path of the file that the settings were read from, if there is one: changes by requests are kept in it. */
  confPath?: string | undefined
  /** Keys that the one who starts the broker decides each time, whatever a file says, with what says so: `-n`. */
  decidedKeys?: ReadonlyMap<string, string> | undefined
  /** For message ids and the lock of the store. */
  processId?: number
}

export interface Broker {
  /** Where it listens: the real port when the settings asked for any. */
  readonly address: Address
  /** Its numbers as they are now. */
  stats(): BrokerStats
  /** Takes itself out of the routes, answers what is under way, writes everything and gives the store free. */
  close(): Promise<void>
}

/** Old clients send over a second port, two below the main one, unless they are told not to. */
const fastPortDistance = 2

/** Milliseconds that a stop waits for answers: a disk that does not confirm answers after 5 s (syncFlushTimeout). */
const answerMsMax = 6_000

/**
 * Starts a broker: recovers its store, makes its features, opens its ports, registers at the name servers. What was
 * started is stopped again when a later step fails.
 * @throws StoreLockedError; Node's EADDRINUSE; Error when a file of the store cannot be used
 */
export async function createBroker(options: CreateBrokerOptions): Promise<Broker> {
  const { platform, log } = options
  const initial = await withRealPort(options.settings, platform)
  const { clock, random } = platform
  const processId = options.processId ?? process.pid
  const { confPath, decidedKeys } = options
  const { fileSystem } = platform
  const liveSettings = createLiveSettings({ initial, fileSystem, confPath, decidedKeys, nowMs: clock.now() })
  const settings = () => liveSettings.current
  const identity = identityOf(initial)
  const config = new ConfigFolder(fileSystem, clock, log, initial.storePathRootDir)
  await using starting = new AsyncDisposableStack()

  const store: MessageStore = MessageStore.open(
    storeOptions(initial, settings, () => topics.reserves.list(), platform, log, processId),
  )
  starting.defer(() => store.close())
  const features = new FeatureList()
  starting.defer(() => features.close())
  const statistics = features.add(createStatistics({ clock, identity, store }))
  const { counters, sink } = statistics
  const topics = features.add(
    createTopics({
      config,
      identity,
      liveSettings,
      store,
      counters,
      whenRegistered: (): Promise<void> => registration.settled(),
    }),
  )
  store.hideExpired()
  const groups = features.add(createGroups({ config, settings, counters }))
  const tables = { topics: topics.table, groups: groups.table }
  const locks = features.add(createLocks({ clock, groups: groups.table }))
  const clients = features.add(createClients({ ...tables, clock, log, identity, settings, store }))
  const { consumers } = clients
  const offsets = features.add(createOffsets({ ...tables, config, identity, settings, consumers, store, counters }))
  const sending = features.add(createSending({ ...tables, clock, random, processId, identity, settings, sink }))
  const retries = features.add(createRetries({ ...tables, random, identity, settings, sink, store, counters }))
  const delay = features.add(createDelay({ config, identity, settings, topics: topics.table, store, sink }))
  const reading = features.add(
    createReading({ ...tables, clock, settings, store, consumers, offsets: offsets.table, counters }),
  )
  const administration = features.add(
    createAdministration({
      clock,
      log,
      liveSettings,
      store,
      counters,
      delayProgress: delay.progress,
      waitingIn: (lane): number => server.waitingIn(lane) - reading.heldIn(lane),
    }),
  )
  const registration = features.add(
    createRegistration({ clock, log, network: platform.network, identity, liveSettings, topics: topics.table }),
  )
  store.onArrival((topic, queueId) => {
    reading.arrived(topic, queueId)
    delay.arrived(topic, queueId)
  })

  const handlers = {
    ...sending.handlers,
    ...retries.handlers,
    ...reading.handlers,
    ...clients.handlers,
    ...locks.handlers,
    ...offsets.handlers,
    ...topics.handlers,
    ...groups.handlers,
    ...statistics.handlers,
    ...administration.handlers,
  }
  const server: RemotingServer<'broker'> = new RemotingServer({
    platform,
    log,
    table: brokerCommandTable(handlers, brokerLanes(liveSettings), (headers) => sending.lookAhead.read(headers)),
    host: initial.bindAddress,
    port: initial.listenPort,
    backlog: initial.serverSocketBacklog,
    idleTimeoutMs: initial.serverChannelMaxIdleTimeSeconds * 1000,
    observer: statistics.observer,
    onDisconnect: (connection) => features.disconnected(connection),
  })
  // A stop goes through these phases from the last one to the first.
  starting.defer(() => server.close())
  starting.defer(() => answerAll(server, log))
  starting.defer(() => features.drain())
  starting.defer(() => server.stopTaking())
  starting.defer(() => registration.leave())
  const address = await server.listen()
  if (initial.listenPort > fastPortDistance) {
    await server.listen({ host: initial.bindAddress, port: initial.listenPort - fastPortDistance })
  }
  await features.start()

  const stopping = starting.move()
  const stats = (): BrokerStats => ({
    store: storeStats(store.positions),
    statistics: statistics.stats(),
    topics: topics.stats(),
    groups: groups.stats(),
    locks: locks.stats(),
    clients: clients.stats(),
    offsets: offsets.stats(),
    delay: delay.stats(),
    reading: reading.stats(),
    registration: registration.stats(),
    server: { connections: server.connections.size },
  })
  return { address, stats, close: () => stopping.disposeAsync() }
}

const freePortAttemptsMax = 20

/** Port 0 asks for a free one, with a free second one. It is found first, since message ids hold it. */
async function withRealPort(settings: BrokerSettings, { network }: Platform): Promise<BrokerSettings> {
  if (settings.listenPort !== 0) return settings
  const probe = (port: number) =>
    network.listen({ host: settings.bindAddress, port, onConnection: (peer) => peer.destroy() })
  for (let attempt = 1; ; attempt++) {
    const first = await probe(0)
    const { port } = first.address
    const second = await probe(port - fastPortDistance).catch(() => undefined)
    await Promise.all([first.close(), second?.close()])
    // In the end the error of a port that is taken says more than any here.
    if (second !== undefined || attempt === freePortAttemptsMax) return { ...settings, listenPort: port }
  }
}

function storeStats({ min, max, synced }: LogPositions): BrokerStats['store'] {
  return { minPosition: min, maxPosition: max, unsyncedBytes: max - synced }
}

/** Waits until all that was taken is answered: messages that are being synced, clients that are being asked. */
async function answerAll(server: RemotingServer<'broker'>, log: Log): Promise<void> {
  const unanswered = await server.drained(answerMsMax)
  if (unanswered > 0) log.warn({ unanswered, answerMsMax }, 'the broker stops without having answered all requests')
}
