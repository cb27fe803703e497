import { BoundedLog, type CancelTimer, type Clock, type Log } from '@rocketmq-ts/platform'
import {
  type Heartbeat,
  isLightQueue,
  ProtocolError,
  retryTopicOf,
  type SubscriptionGroupConfig,
} from '@rocketmq-ts/protocol'
import { unitFlagOf } from '../topics/index.ts'
import type { ClientConnection, ClientLink } from './client-connection.ts'
import { ConsumerRegistry, type GroupFilters } from './consumer-registry.ts'
import { GroupCounts } from './member-table.ts'
import { ProducerRegistry } from './producer-registry.ts'

export interface ClientRegistryOptions {
  clock: Clock
  log: Log
  groups: {
    /** The group's settings; made when it is missing and that is allowed. */
    find(group: string): SubscriptionGroupConfig | undefined
    /** The group's settings if there are any. */
    get(group: string): SubscriptionGroupConfig | undefined
  }
  topics: {
    /** Makes a retry topic if it is missing. */
    ensureInternal(topic: string, queueNums: number, topicSysFlag?: number): unknown
  }
  filters: GroupFilters
  counters: ClientCounters
  settings(): { notifyConsumerIdsChangedEnable: boolean; channelExpiredTimeout: number; enableLmq: boolean }
  /** Groups that one connection may be in: each takes memory for as long as the connection lasts. */
  groupsPerConnectionMax: number
}

/** What is counted of clients. */
export interface ClientCounters {
  subscriptionsDiffer(group: string): void
  registered(kind: 'consumer' | 'producer', elapsedMs: number): void
}

/** Who a heartbeat comes from. */
export interface HeartbeatSource {
  link: ClientLink
  language: string
  version: number
}

const scanIntervalMs = 10_000
/** Log lines of a kind in ten seconds: what a restart of many clients says, but not what a flood of them would. */
const logLinesMax = 200

/** The clients of a broker, as their heartbeats tell. */
export class ClientRegistry {
  readonly producers: ProducerRegistry
  readonly consumers: ConsumerRegistry
  readonly #options: ClientRegistryOptions
  readonly #log: BoundedLog
  readonly #groupCounts = new GroupCounts()
  /** What the last heartbeat over a connection was, for those that leave out what did not change. */
  readonly #fingerprints = new WeakMap<ClientLink, number>()
  /** Living connections by the id that the last heartbeat over them named. */
  readonly #links = new Map<string, Set<ClientLink>>()
  readonly #clientIds = new Map<ClientLink, string>()
  #cancelTimer: CancelTimer | undefined

  constructor(options: ClientRegistryOptions) {
    this.#options = options
    const { clock, filters, counters } = options
    const log = new BoundedLog(options.log, clock, logLinesMax)
    this.#log = log
    const groupCounts = this.#groupCounts
    this.producers = new ProducerRegistry(log, groupCounts)
    const isNotified = (group: string): boolean => this.#isNotified(group)
    this.consumers = new ConsumerRegistry({ log, filters, counters, groupCounts, isNotified })
  }

  /** Starts to forget connections that are silent for too long. */
  start(): void {
    this.#cancelTimer = this.#options.clock.every(scanIntervalMs, () => this.#dropSilent())
  }

  close(): void {
    this.#cancelTimer?.()
    this.#log.close()
  }

  /**
   * Takes in a heartbeat. Members of the groups it changes are told before this returns.
   * @returns whether the client is to send its subscriptions in full next time
   * @throws ProtocolError SYSTEM_BUSY when its connection would be in too many groups: then nothing of it counts
   */
  heartbeat(heartbeat: Heartbeat, source: HeartbeatSource): boolean {
    this.#refuseTooManyGroups(heartbeat, source.link)
    const { clock, counters } = this.#options
    const client: ClientConnection = { ...source, clientId: heartbeat.clientID, lastUpdateMs: clock.now() }
    this.#noteId(heartbeat.clientID, source.link)
    let isChanged = this.#isOtherThanBefore(heartbeat, source.link)
    for (const data of heartbeat.consumerDataSet) {
      const { groupName } = data
      const group = this.#options.groups.find(groupName)
      if (group === undefined) continue
      // Very many groups read one light queue each: what is to come again there, its reader does not commit.
      if (!(isLightQueue(groupName) && this.#options.settings().enableLmq)) {
        this.#options.topics.ensureInternal(
          retryTopicOf(groupName),
          group.retryQueueNums,
          unitFlagOf(data.unitMode, true),
        )
      }
      const startMs = clock.monotonic()
      this.consumers.register(data, client, !heartbeat.withoutSub)
      counters.registered('consumer', clock.monotonic() - startMs)
      // Subscriptions that are not known here cannot be as before.
      if (heartbeat.withoutSub && this.consumers.get(groupName)?.subscriptions().size === 0) isChanged = true
    }
    for (const { groupName } of heartbeat.producerDataSet) {
      const startMs = clock.monotonic()
      this.producers.register(groupName, client)
      counters.registered('producer', clock.monotonic() - startMs)
    }
    return isChanged
  }

  /** A client leaves groups. What counts is its connection, not what it calls itself. */
  unregister(
    link: ClientLink,
    groups: { producerGroup?: string | undefined; consumerGroup?: string | undefined },
  ): void {
    if (groups.producerGroup !== undefined) this.producers.unregister(groups.producerGroup, link, 'unregistered')
    if (groups.consumerGroup !== undefined) this.consumers.unregister(groups.consumerGroup, link, 'unregistered')
  }

  /** Living connections of a client, in whatever groups it is. */
  connectionsOf(clientId: string): ClientLink[] {
    return [...(this.#links.get(clientId) ?? [])].filter(({ isClosed }) => !isClosed)
  }

  /** A connection was lost or closed. */
  connectionLost(link: ClientLink): void {
    this.producers.removeLink(link)
    this.consumers.removeLink(link)
    this.#forgetId(link)
  }

  #refuseTooManyGroups({ consumerDataSet, producerDataSet }: Heartbeat, link: ClientLink): void {
    const { groupsPerConnectionMax } = this.#options
    let count = this.#groupCounts.of(link)
    for (const { groupName } of consumerDataSet) if (!this.consumers.isMember(groupName, link)) count++
    for (const { groupName } of producerDataSet) if (!this.producers.isMember(groupName, link)) count++
    if (count <= groupsPerConnectionMax) return
    const remark =
      `[TOO_MANY_GROUPS]a heartbeat would have this connection in ${count} groups, and it may be in ` +
      `${groupsPerConnectionMax}: spread the producers and consumers over more connections`
    throw new ProtocolError('SYSTEM_BUSY', remark)
  }

  #noteId(clientId: string, link: ClientLink): void {
    if (this.#clientIds.get(link) === clientId) return
    this.#forgetId(link)
    if (link.isClosed) return
    this.#clientIds.set(link, clientId)
    const links = this.#links.get(clientId)
    if (links === undefined) this.#links.set(clientId, new Set([link]))
    else links.add(link)
  }

  #forgetId(link: ClientLink): void {
    const clientId = this.#clientIds.get(link)
    if (clientId === undefined) return
    this.#clientIds.delete(link)
    const links = this.#links.get(clientId)!
    links.delete(link)
    if (links.size === 0) this.#links.delete(clientId)
  }

  #isOtherThanBefore(heartbeat: Heartbeat, link: ClientLink): boolean {
    const { heartbeatFingerprint } = heartbeat
    // The first version of the heartbeat, which has no fingerprint, is always taken for a change.
    if (heartbeatFingerprint === 0) return true
    const isOther = this.#fingerprints.get(link) !== heartbeatFingerprint
    this.#fingerprints.set(link, heartbeatFingerprint)
    return isOther
  }

  #isNotified(group: string): boolean {
    if (!this.#options.settings().notifyConsumerIdsChangedEnable) return false
    return this.#options.groups.get(group)?.notifyConsumerIdsChangedEnable ?? true
  }

  #dropSilent(): void {
    const { clock, settings } = this.#options
    const { channelExpiredTimeout } = settings()
    const beforeMs = clock.now() - channelExpiredTimeout
    const silent = new Set([...this.producers.silentSince(beforeMs), ...this.consumers.silentSince(beforeMs)])
    for (const link of silent) {
      const peer = link.remoteAddress
      this.#log.warn('silent', { peer }, `no heartbeat for ${channelExpiredTimeout} ms: the client is dropped`)
      this.producers.removeSilent(link, beforeMs)
      this.consumers.removeSilent(link, beforeMs)
      // It may be silent for one group and alive for another.
      if (!this.producers.has(link) && !this.consumers.has(link)) link.destroy()
    }
  }
}
