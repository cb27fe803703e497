import type { Address, Listener, Log, Network, Platform } from '@rocketmq-ts/platform'
import { type Guard, RemotingServer } from '@rocketmq-ts/remoting'
import { type LogPositions, MessageStore } from '@rocketmq-ts/storage'
import { brokerCommandTable, brokerLanes } from './command-table.ts'
import { createFeatures, type Features } from './create-features.ts'
import { FeatureList } from './feature.ts'
import { createFollowers, followerList } from './followers.ts'
import { identityOf } from './identity.ts'
import { createLiveSettings } from './live-settings.ts'
import type { BrokerSettings } from './settings/index.ts'
import { type StoreStart, storeOptions } from './store-options.ts'
import { TopicQueueTypes } from './topics/index.ts'

/** The numbers of a broker as they are at one moment: counts, sizes and lags. */
export interface BrokerStats extends ReturnType<Features['stats']> {
  store: {
    /** Positions in the log: of the first byte that is left, and behind the last one. */
    minPosition: number
    maxPosition: number
    /** Of the log, which a power failure may take. */
    unsyncedBytes: number
  }
  server: { connections: number }
}

export interface CreateBrokerOptions extends StoreStart {
  settings: BrokerSettings
  platform: Platform
  log: Log
  /** Absolute path of the file that the settings were read from, if there is one: changes by requests are kept in it. */
  confPath?: string | undefined
  /** Keys that the one who starts the broker decides each time, whatever a file says, with what says so: `-n`. */
  decidedKeys?: ReadonlyMap<string, string> | undefined
  /** For message ids and the lock of the store. */
  processId?: number
  /** Asked before each request; every request is allowed without it. */
  guard?: Guard | undefined
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
 * @throws StoreLockedError; LostMessagesError; Node's EADDRINUSE; Error when a file of the store cannot be used
 */
export async function createBroker(options: CreateBrokerOptions): Promise<Broker> {
  const { platform, log } = options
  await using starting = new AsyncDisposableStack()
  const ports = new ReservedPorts(platform.network, options.settings.bindAddress)
  starting.defer(() => ports.release())
  const initial = await withRealPort(options.settings, ports)
  const processId = options.processId ?? process.pid
  const { confPath, decidedKeys } = options
  const { clock, fileSystem } = platform
  const liveSettings = createLiveSettings({ initial, fileSystem, confPath, decidedKeys, nowMs: clock.now() })
  const settings = () => liveSettings.current

  const followers = createFollowers(settings, platform, log)
  const queueTypes = new TopicQueueTypes(fileSystem, initial.storePathRootDir)
  const store: MessageStore = MessageStore.open({
    ...storeOptions(initial, settings, () => made.topicReserves.list(), queueTypes, platform, log, processId, options),
    followers: followerList(followers),
  })
  starting.defer(() => store.close())
  const features = new FeatureList()
  starting.defer(() => features.close())
  const made = createFeatures({
    features,
    platform,
    log,
    processId,
    identity: identityOf(initial),
    liveSettings,
    store,
    queueTypes,
    followers,
    waitingIn: (lane): number => server.waitingIn(lane),
  })
  // What they keep was compared with the log while they were made.
  store.endDoubt()
  store.hideExpired()

  const server: RemotingServer<'broker'> = new RemotingServer({
    platform,
    log,
    table: brokerCommandTable(made.handlers, brokerLanes(liveSettings), (headers) => made.sendLookAhead.read(headers)),
    host: initial.bindAddress,
    port: initial.listenPort,
    backlog: initial.serverSocketBacklog,
    idleTimeoutMs: initial.serverChannelMaxIdleTimeSeconds * 1000,
    guard: options.guard,
    observer: made.observer,
    onConnect: (connection) => features.connected(connection),
    onDisconnect: (connection, end) => features.disconnected(connection, end),
  })
  // A stop goes through these phases from the last one to the first.
  starting.defer(() => server.close())
  starting.defer(() => answerAll(server, log))
  starting.defer(() => features.drain())
  starting.defer(() => server.stopTaking())
  starting.defer(() => made.leave())
  await ports.release()
  const address = await server.listen()
  if (initial.listenPort > fastPortDistance) {
    await server.listen({ host: initial.bindAddress, port: initial.listenPort - fastPortDistance })
  }
  await features.start()

  const stopping = starting.move()
  const stats = (): BrokerStats => ({
    ...made.stats(),
    store: storeStats(store.positions),
    server: { connections: server.connections.size },
  })
  return { address, stats, close: () => stopping.disposeAsync() }
}

const freePortAttemptsMax = 20

/** Port 0 asks for a free one, with a free second one. It is found first, since message ids hold it. */
async function withRealPort(settings: BrokerSettings, ports: ReservedPorts): Promise<BrokerSettings> {
  if (settings.listenPort !== 0) return settings
  for (let attempt = 1; ; attempt++) {
    const port = await ports.reserve(0)
    const isSecondFree = await ports.reserve(port - fastPortDistance).then(
      () => true,
      () => false,
    )
    // In the end the error of a port that is taken says more than any here.
    if (isSecondFree || attempt === freePortAttemptsMax) return { ...settings, listenPort: port }
  }
}

/** Ports that nobody else is given until they are listened on: opening a large store takes a while. */
class ReservedPorts {
  readonly #network: Network
  readonly #host: string
  readonly #held: Listener[] = []

  constructor(network: Network, host: string) {
    this.#network = network
    this.#host = host
  }

  /** @returns the port, which is a free one for 0 */
  async reserve(port: number): Promise<number> {
    const listener = await this.#network.listen({ host: this.#host, port, onConnection: (peer) => peer.destroy() })
    this.#held.push(listener)
    return listener.address.port
  }

  async release(): Promise<void> {
    await Promise.all(this.#held.splice(0).map((listener) => listener.close()))
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
