import type { Address, Log, Platform } from '@rocketmq-ts/platform'
import { createUniqueIdGenerator, encodeHost, scheduleTopic, upperHex } from '@rocketmq-ts/protocol'
import { RemotingClient, RemotingServer } from '@rocketmq-ts/remoting'
import { ConfigFile, MessageStore } from '@rocketmq-ts/storage'
import { brokerHandlers } from './broker-handlers.ts'
import { ClientRegistry } from './clients/index.ts'
import { type BrokerLanes, brokerCommandTable } from './command-table.ts'
import { ChangeJournal } from './configuration/index.ts'
import { countedPuts } from './counted-store.ts'
import { DelayProgress } from './delay/delay-progress.ts'
import { DelayedDelivery } from './delay/delayed-delivery.ts'
import { GroupTable } from './groups/index.ts'
import { LiveSettings } from './live-settings.ts'
import { QueueLocks } from './locks/index.ts'
import { ConsumerOffsetTable } from './offsets/index.ts'
import { FileReads } from './reading/file-reads.ts'
import { LongPolling } from './reading/long-polling.ts'
import { Registration } from './registration/index.ts'
import { BrokerProperties } from './sending/broker-properties.ts'
import { SendLookAhead } from './sending/send-look-ahead.ts'
import type { BrokerSettings } from './settings/index.ts'
import { BrokerStatistics } from './statistics/index.ts'
import { logReservedMs, storeOptions } from './store-options.ts'
import { TopicReserves, TopicTable } from './topics/index.ts'

export interface CreateBrokerOptions {
  settings: BrokerSettings
  platform: Platform
  log: Log
  /** For message ids and the lock of the store. */
  processId?: number
}

export interface Broker {
  /** Where it listens: the real port when the settings asked for any. */
  readonly address: Address
  /** Takes itself out of the routes, answers what is under way, writes everything and gives the store free. */
  close(): Promise<void>
}

/** Old clients send over a second port, two below the main one, unless they are told not to. */
const fastPortDistance = 2
const haPortDistance = 1
const otherLaneMax = 100_000
/** A fifth of the places that pulls have by default. */
const heldPullsPerConnectionMax = 20_000
const fileReadsPerConnectionMax = 1_024

/**
 * Starts a broker: recovers its store, loads topics, groups and offsets, opens its ports, registers at the name
 * servers. What was started is closed again when a later step fails.
 * @throws StoreLockedError; Node's EADDRINUSE; Error when a file of the store cannot be used
 */
export async function createBroker(options: CreateBrokerOptions): Promise<Broker> {
  const { platform, log } = options
  const settings = await withRealPort(options.settings, platform)
  const { clock, fileSystem, random } = platform
  const processId = options.processId ?? process.pid
  const closing = new AsyncDisposableStack()
  try {
    const live = new LiveSettings(settings, clock.now())
    const current = () => live.current
    const { brokerName, brokerClusterName: clusterName } = settings

    let topicReserves: TopicReserves | undefined
    const store = new MessageStore(
      storeOptions(settings, current, () => topicReserves?.list() ?? [], platform, log, processId),
    )
    closing.defer(() => store.close())

    const configFile = (name: string) => new ConfigFile(fileSystem, `${settings.storePathRootDir}/config/${name}`, log)
    const journal = (name: string) => new ChangeJournal(fileSystem, `${settings.storePathRootDir}/config/${name}`, log)
    const topics = new TopicTable({
      clock,
      log,
      file: configFile('topics.json'),
      journal: journal('topics.journal'),
      clusterName,
      brokerName,
      settings: () => ({
        ...current(),
        traceTopicName: settings.msgTraceTopicName,
        reviveQueueNum: settings.reviveQueueNum,
      }),
    })
    closing.defer(() => topics.close())
    topicReserves = new TopicReserves({ log, topics, logReservedMs: () => logReservedMs(current()) })
    store.hideExpired()
    const groups = new GroupTable({
      clock,
      log,
      file: configFile('subscriptionGroup.json'),
      journal: journal('subscriptionGroup.journal'),
      settings: current,
    })
    closing.defer(() => groups.close())
    const offsets = new ConsumerOffsetTable({
      clock,
      log,
      file: configFile('consumerOffset.json'),
      flushIntervalMs: settings.flushConsumerOffsetInterval,
    })
    closing.defer(() => offsets.close())

    const statistics = new BrokerStatistics({ clock, clusterName, isSystemTopic: (topic) => topics.isSystem(topic) })
    statistics.start()
    closing.defer(() => statistics.close())
    const clients = new ClientRegistry({ clock, log, groups, topics, settings: current })
    clients.start()
    closing.defer(() => clients.close())

    const storeHost = encodeHost(settings.brokerIP1, settings.listenPort)
    const sink = { put: countedPuts(store, statistics, clock) }
    const delayProgress = new DelayProgress(configFile('delayOffset.json'), () => clock.now())
    const delayedDelivery = new DelayedDelivery({
      clock,
      log,
      store,
      sink,
      progress: delayProgress,
      storeHost,
      delayLevelsMs: settings.messageDelayLevel,
    })
    const cancelDelaySave = clock.every(settings.flushDelayOffsetInterval, () => void delayProgress.trySaveLater(log))
    closing.defer(async () => {
      cancelDelaySave()
      await delayedDelivery.close()
    })

    const longPolling = new LongPolling(clock, heldPullsPerConnectionMax)
    store.onArrival((topic, queueId) => {
      longPolling.arrived(topic, queueId)
      if (topic === scheduleTopic) delayedDelivery.arrived(queueId)
    })
    closing.defer(() => longPolling.giveUp())

    let server: RemotingServer<'broker'> | undefined
    let registration: Registration | undefined
    const handlers = brokerHandlers({
      clock,
      log,
      random,
      bootMs: clock.now(),
      brokerName,
      brokerProperties: new BrokerProperties(clusterName),
      brokerAddress: `${settings.brokerIP1}:${settings.listenPort}`,
      storeHost,
      storeHostHex: upperHex(storeHost),
      highestDelayLevel: settings.messageDelayLevel.length,
      uniqueId: createUniqueIdGenerator(
        { address: storeHost.subarray(0, -4), processId, instanceHash: random.below(2 ** 32) },
        () => clock.now(),
      ),
      store,
      sink,
      topics,
      groups,
      offsets,
      statistics,
      clients,
      consumers: clients.consumers,
      producers: clients.producers,
      locks: new QueueLocks(clock),
      longPolling,
      fileReads: new FileReads(fileReadsPerConnectionMax),
      delayProgress,
      liveSettings: live,
      settings: current,
      brokerPermission: () => current().brokerPermission,
      waitingIn: (lane) => (server?.waitingIn(lane) ?? 0) - (lane === 'pull' ? longPolling.count : 0),
      whenRegistered: async () => registration?.settled(),
      putTps: (topic) => statistics.topicPutTps(topic),
      groupGetTps: (group, topic) => statistics.groupGetTps(group, topic),
      onFound: (group, topic, count, byteCount) => statistics.got(group, topic, count, byteCount),
      onMissed: () => statistics.missed(),
      onSentBack: (group, topic) => statistics.sentBack(group, topic),
      onDeadLetter: (group, topic) => statistics.deadLettered(group, topic),
    })
    const sendLookAhead = new SendLookAhead(topics)
    server = new RemotingServer({
      platform,
      log,
      table: brokerCommandTable(handlers, brokerLanes(settings), (headers) => sendLookAhead.read(headers)),
      host: settings.bindAddress,
      port: settings.listenPort,
      backlog: settings.serverSocketBacklog,
      idleTimeoutMs: settings.serverChannelMaxIdleTimeSeconds * 1000,
      onDisconnect: (connection) => {
        clients.connectionLost(connection)
        longPolling.disconnected(connection.id)
      },
    })
    const listening = server
    closing.defer(() => listening.close())
    const address = await listening.listen()
    if (settings.listenPort > fastPortDistance) {
      await listening.listen({ host: settings.bindAddress, port: settings.listenPort - fastPortDistance })
    }
    delayedDelivery.start()

    const calls = new RemotingClient(platform)
    closing.defer(() => calls.close())
    const registering = new Registration({
      clock,
      log,
      calls,
      identity: {
        clusterName,
        brokerName,
        brokerId: settings.brokerId,
        brokerAddr: `${settings.brokerIP1}:${address.port}`,
        haServerAddr: `${settings.brokerIP2}:${settings.haListenPort || address.port + haPortDistance}`,
      },
      nameServers: settings.namesrvAddr,
      topics,
      periodMs: settings.registerNameServerPeriod,
      settings: current,
      onOrderedTopics: (ordered) => topics.setOrdered(ordered),
    })
    registration = registering
    closing.defer(() => registering.close())
    topics.onChange((names) => registering.topicsChanged(names))
    live.onChange((changedKeys) => {
      topics.settingsChanged()
      if (changedKeys.includes('brokerPermission')) void registering.registerAll()
    })
    await registering.start()

    const started = closing.move()
    return { address, close: () => started.disposeAsync() }
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

/** Port 0 asks for a free one. It is found first, since message ids hold it. */
async function withRealPort(settings: BrokerSettings, { network }: Platform): Promise<BrokerSettings> {
  if (settings.listenPort !== 0) return settings
  const probe = await network.listen({ host: settings.bindAddress, port: 0, onConnection: (peer) => peer.destroy() })
  await probe.close()
  return { ...settings, listenPort: probe.address.port }
}

function brokerLanes(settings: BrokerSettings): BrokerLanes {
  const pullMax = settings.pullThreadPoolQueueCapacity
  return {
    send: { name: 'send', waitingMax: settings.sendThreadPoolQueueCapacity },
    pull: { name: 'pull', waitingMax: pullMax },
    litePull: { name: 'lite-pull', waitingMax: pullMax },
    query: { name: 'query', waitingMax: otherLaneMax },
    client: { name: 'client', waitingMax: otherLaneMax },
    consumer: { name: 'consumer', waitingMax: otherLaneMax },
    admin: { name: 'admin', waitingMax: otherLaneMax },
  }
}
