import type { Clock } from '@rocketmq-ts/platform'
import { type BrokerStats, isLightQueue, lightQueuePrefix, scheduleTopic } from '@rocketmq-ts/protocol'
import type { Counter } from './counter.ts'
import { CounterSampler } from './counter-sampler.ts'
import { MidnightTotals } from './daily-totals.ts'
import { GroupCounters } from './group-counters.ts'
import { LatencyJournal } from './latency-journal.ts'
import { PutLatencies } from './put-latencies.ts'
import { RateWindow } from './rate-window.ts'
import {
  type BrokerCounterName,
  brokerCounterNames,
  type ChannelActivity,
  type CounterSources,
  channelActivities,
  counterOf,
} from './statistic-names.ts'
import { TopicCounters } from './topic-counters.ts'

export interface BrokerStatisticsOptions {
  clock: Clock
  clusterName: string
  isSystemTopic(topic: string): boolean
  /** Whether each light queue has counters of its own; otherwise all have the same. */
  countsLightQueues(): boolean
}

/** Sums since the start. */
export interface BrokerTotals {
  /** Messages stored, and how many of them in topics of users. */
  put: number
  putOfUsers: number
  putBytes: number
  putFailed: number
  /** Messages given to consumers, and how many of them from topics of users. */
  got: number
  gotOfUsers: number
  /** Pulls that found messages, and that found none. */
  pullsFound: number
  pullsMissed: number
}

/** Where the counters of a topic can be kept, so as not to look them up; not longer than until it is removed. */
export interface CountersMemo {
  readonly topic: string
  counters: TopicCounters | undefined
}

/** The group that RocketMQ counts delayed messages for when they are delivered. */
const scheduleGroup = 'SCHEDULE_CONSUMER'

/**
 * Counts what the broker does, as VIEW_BROKER_STATS_DATA and GET_BROKER_RUNTIME_INFO tell it. What is called for each
 * message only adds: no clock is read, and nothing is allocated but for the first message of a topic, group or queue.
 */
export class BrokerStatistics {
  readonly #options: BrokerStatisticsOptions
  readonly #sampler: CounterSampler
  readonly #makeCounter: () => Counter
  readonly #topics = new Map<string, TopicCounters>()
  /** Those that have something for their counters. */
  #pendingTopics: TopicCounters[] = []
  readonly #latencies = new LatencyJournal()
  /** Group to topic. */
  readonly #groups = new Map<string, Map<string, GroupCounters>>()
  readonly #differing = new Map<string, Counter>()
  readonly #broker: Readonly<Record<BrokerCounterName, Counter>>
  readonly #channels: Readonly<Record<ChannelActivity, Counter>>
  readonly #sources: CounterSources
  readonly #midnights: MidnightTotals<'put' | 'got'>
  readonly rates: RateWindow<'put' | 'found' | 'missed' | 'transferred'>
  readonly putLatencies: PutLatencies
  readonly totals: BrokerTotals = {
    put: 0,
    putOfUsers: 0,
    putBytes: 0,
    putFailed: 0,
    got: 0,
    gotOfUsers: 0,
    pullsFound: 0,
    pullsMissed: 0,
  }
  /** The longest read of messages for a pull, in milliseconds. */
  getMsMax = 0

  constructor(options: BrokerStatisticsOptions) {
    this.#options = options
    const { clock, clusterName } = options
    this.#sampler = new CounterSampler(clock, () => this.#settle())
    this.#makeCounter = () => this.#sampler.makeCounter()
    this.#broker = this.#countersOf(brokerCounterNames)
    this.#channels = this.#countersOf(channelActivities)
    this.#sources = {
      topic: (topic) => (topic === undefined ? undefined : this.#topics.get(topic)),
      group: (group, topic) =>
        group === undefined || topic === undefined ? undefined : this.#groups.get(group)?.get(topic),
      broker: (name, key) => (key === clusterName ? this.#broker[name] : undefined),
      channel: (key) => (Object.hasOwn(this.#channels, key) ? this.#channels[key as ChannelActivity] : undefined),
      subscriptionsDiffer: (group) => this.#differing.get(group),
    }
    this.#midnights = new MidnightTotals(clock, () => ({ put: this.totals.putOfUsers, got: this.totals.gotOfUsers }))
    this.rates = new RateWindow(clock, ['put', 'found', 'missed', 'transferred'], () => ({
      put: this.totals.put,
      found: this.totals.pullsFound,
      missed: this.totals.pullsMissed,
      transferred: this.totals.got,
    }))
    this.putLatencies = new PutLatencies(clock)
  }

  start(): void {
    for (const part of this.#timed) part.start()
  }

  close(): void {
    for (const part of this.#timed) part.close()
  }

  /**
   * Messages were stored in a queue of a topic, by one request.
   * @param memo remembers the topic's counters for the next time
   * @returns the topic's counters
   */
  stored(topic: string, queueId: number, count: number, byteCount: number, memo?: CountersMemo): TopicCounters {
    const counters = this.#ofTopic(topic, memo)
    counters.add(count, byteCount)
    if (!counters.isPending) {
      counters.isPending = true
      this.#pendingTopics.push(counters)
    }
    if (counters.queues !== undefined) {
      counters.queues.nums.add(queueId, count)
      counters.queues.size.add(queueId, byteCount)
    }
    // The averages of these say nothing: the official broker does not count the times.
    this.#broker.BROKER_PUT_NUMS.add(count, 0)
    const { totals } = this
    totals.put += count
    totals.putBytes += byteCount
    if (counters.isSystem) return counters
    this.#broker.BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC.add(count, 0)
    totals.putOfUsers += count
    return counters
  }

  /** What a client sent was stored after so many milliseconds. */
  sendTook(counters: TopicCounters, queueId: number, elapsedMs: number): void {
    counters.took(queueId, elapsedMs, this.#latencies)
  }

  putFailed(): void {
    this.totals.putFailed++
  }

  /** Messages of a queue were given to a group. @returns the group's counters */
  got(group: string, topic: string, count: number, byteCount: number): GroupCounters {
    const counters = this.#take(group, topic, count, byteCount)
    const { totals } = this
    totals.got += count
    totals.pullsFound++
    if (!counters.isSystem) totals.gotOfUsers += count
    return counters
  }

  /** What a pull gave was read in so many milliseconds. @param queueId that was asked for; -1 when any was */
  pullTook({ latencies }: GroupCounters, queueId: number, elapsedMs: number): void {
    this.#latencies.add(latencies, queueId, elapsedMs, 1)
    if (elapsedMs > this.getMsMax) this.getMsMax = elapsedMs
  }

  /** The same for a request of POP, which may have read several topics. */
  popTook(group: string, topic: string, queueId: number, elapsedMs: number): void {
    this.pullTook(this.#ofGroup(group, topic), queueId, elapsedMs)
  }

  /** The broker itself took messages out of a topic of the system. */
  gotByItself(group: string, topic: string, count: number, byteCount: number): void {
    this.#take(group, topic, count, byteCount)
  }

  /** A delayed message was delivered. */
  deliveredFromLevel(level: number, byteCount: number): void {
    const counters = this.#ofGroup(scheduleGroup, scheduleTopic)
    counters.nums.add(1)
    counters.size.add(byteCount)
    counters.addToQueue(level - 1, 1, byteCount)
  }

  /** A pull found nothing. */
  missed(): void {
    this.totals.pullsMissed++
  }

  /** A consumer sent a message back to have it again. */
  sentBack(group: string, topic: string): void {
    this.#ofGroup(group, topic).count('sentBack', 1)
  }

  /** A message of a group went to its dead letters. */
  deadLettered(group: string, topic: string): void {
    this.#ofGroup(group, topic).count('deadLetters', 1)
  }

  /** A group acknowledged messages that POP gave it. */
  acknowledged(group: string, topic: string, count: number): void {
    this.#broker.BROKER_ACK_NUMS.add(count)
    this.#ofGroup(group, topic).count('acknowledged', count)
  }

  /** Checkpoints were stored for what POP gave a group. */
  checkpointed(group: string, topic: string, count: number): void {
    this.#broker.BROKER_CK_NUMS.add(count)
    this.#ofGroup(group, topic).count('checkpoints', count)
  }

  /** A client joined a group, or said that it is still there. */
  registered(kind: 'consumer' | 'producer', elapsedMs: number): void {
    const name = kind === 'consumer' ? 'CONSUMER_REGISTER_TIME' : 'PRODUCER_REGISTER_TIME'
    this.#broker[name].add(Math.floor(elapsedMs))
  }

  channel(activity: ChannelActivity): void {
    this.#channels[activity].add(1)
  }

  /** Members of a group were found to subscribe to different messages. */
  subscriptionsDiffer(group: string): void {
    let counter = this.#differing.get(group)
    if (counter === undefined) {
      counter = this.#makeCounter()
      this.#differing.set(group, counter)
    }
    counter.add(1)
  }

  /** A statistic over the last minute, hour and day; undefined when nothing was counted under that key. */
  view(name: string, key: string): BrokerStats | undefined {
    this.#settle()
    const counter = counterOf(this.#sources, name, key)
    return counter && this.#sampler.view(counter)
  }

  /** Messages a second that a topic took over the last minute. */
  topicPutTps(topic: string): number {
    return this.#sampler.tps(this.#topics.get(topic)?.nums)
  }

  /** Messages a second that a group was given of a topic over the last minute. */
  groupGetTps(group: string, topic: string): number {
    return this.#sampler.tps(this.#groups.get(group)?.get(topic)?.nums)
  }

  /** Totals at the last two midnights, of users' topics. */
  atMidnights(name: 'put' | 'got'): { yesterdayMorning: number; todayMorning: number } {
    return this.#midnights.of(name)
  }

  /** Forgets a topic that was deleted. */
  removeTopic(topic: string): void {
    this.#topics.delete(topic)
    for (const topics of this.#groups.values()) topics.delete(topic)
  }

  /** Forgets a group that was deleted. */
  removeGroup(group: string): void {
    this.#groups.delete(group)
    this.#differing.delete(group)
  }

  get #timed(): { start(): void; close(): void }[] {
    return [this.#sampler, this.#midnights, this.rates, this.putLatencies]
  }

  #take(group: string, topic: string, count: number, byteCount: number): GroupCounters {
    const counters = this.#ofGroup(group, topic)
    counters.nums.add(count)
    counters.size.add(byteCount)
    this.#broker.BROKER_GET_NUMS.add(count, 0)
    if (!counters.isSystem) this.#broker.BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC.add(count, 0)
    return counters
  }

  #ofTopic(topic: string, memo: CountersMemo | undefined): TopicCounters {
    if (memo === undefined || memo.topic !== topic) return this.#topics.get(topic) ?? this.#makeTopic(topic)
    memo.counters ??= this.#topics.get(topic) ?? this.#makeTopic(topic)
    return memo.counters
  }

  #ofGroup(group: string, topic: string): GroupCounters {
    return this.#groups.get(group)?.get(topic) ?? this.#ofOtherGroup(this.#countedName(group), this.#countedName(topic))
  }

  #ofOtherGroup(group: string, topic: string): GroupCounters {
    return this.#groups.get(group)?.get(topic) ?? this.#makeGroup(group, topic)
  }

  /** Light queues, and the groups that have the name of one, are counted as one: there may be a million. */
  #countedName(name: string): string {
    return isLightQueue(name) && !this.#options.countsLightQueues() ? lightQueuePrefix : name
  }

  #settle(): void {
    this.#latencies.settle()
    const topics = this.#pendingTopics
    this.#pendingTopics = []
    for (const counters of topics) {
      counters.isPending = false
      counters.settle()
    }
  }

  #makeTopic(topic: string): TopicCounters {
    const isSystem = this.#options.isSystemTopic(topic)
    const counters = new TopicCounters(this.#makeCounter, { isSystem, countsQueues: topic === scheduleTopic })
    this.#topics.set(topic, counters)
    return counters
  }

  #makeGroup(group: string, topic: string): GroupCounters {
    const counters = new GroupCounters(this.#makeCounter, this.#options.isSystemTopic(topic))
    const topics = this.#groups.get(group) ?? new Map<string, GroupCounters>()
    topics.set(topic, counters)
    this.#groups.set(group, topics)
    return counters
  }

  #countersOf<Name extends string>(names: readonly Name[]): Record<Name, Counter> {
    return Object.fromEntries(names.map((name) => [name, this.#makeCounter()])) as Record<Name, Counter>
  }
}
