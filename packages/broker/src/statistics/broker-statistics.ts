import type { Clock } from '@rocketmq-ts/platform'
import type { BrokerStats } from '@rocketmq-ts/protocol'
import type { Counter } from './counter.ts'
import { CounterSampler } from './counter-sampler.ts'
import { MidnightTotals } from './daily-totals.ts'
import { PutLatencies } from './put-latencies.ts'
import { RateWindow } from './rate-window.ts'
import { TopicCounters } from './topic-counters.ts'

export interface BrokerStatisticsOptions {
  clock: Clock
  clusterName: string
  isSystemTopic(topic: string): boolean
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

interface GroupCounters {
  nums: Counter
  size: Counter
  isSystem: boolean
}

/**
 * Counts what the broker does, as VIEW_BROKER_STATS_DATA and GET_BROKER_RUNTIME_INFO tell it. What is called for each
 * message only adds: no clock is read, and nothing is allocated but for the first message of a topic or group.
 */
export class BrokerStatistics {
  readonly #options: BrokerStatisticsOptions
  readonly #sampler: CounterSampler
  /** Name of the statistic to key to counter. */
  readonly #counters = new Map<string, Map<string, Counter>>()
  readonly #topics = new Map<string, TopicCounters>()
  /** Those that have something for their counters. */
  #pendingTopics: TopicCounters[] = []
  /** Group to topic. */
  readonly #groups = new Map<string, Map<string, GroupCounters>>()
  readonly #broker: { put: Counter; putOfUsers: Counter; got: Counter; gotOfUsers: Counter }
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
    this.#sampler = new CounterSampler(clock, () => this.#settleTopics())
    this.#broker = {
      put: this.#counter('BROKER_PUT_NUMS', clusterName),
      putOfUsers: this.#counter('BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC', clusterName),
      got: this.#counter('BROKER_GET_NUMS', clusterName),
      gotOfUsers: this.#counter('BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC', clusterName),
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
   * Messages were stored in a topic by one request.
   * @param memo remembers the topic's counters for the next time
   */
  stored(topic: string, count: number, byteCount: number, memo?: CountersMemo): void {
    const counters = this.#countersOf(topic, memo)
    counters.add(count, byteCount)
    if (!counters.isPending) {
      counters.isPending = true
      this.#pendingTopics.push(counters)
    }
    // The averages of these say nothing: the official broker does not count the times.
    this.#broker.put.add(count, 0)
    const { totals } = this
    totals.put += count
    totals.putBytes += byteCount
    if (counters.isSystem) return
    this.#broker.putOfUsers.add(count, 0)
    totals.putOfUsers += count
  }

  putFailed(): void {
    this.totals.putFailed++
  }

  /** A pull gave messages to a group. */
  got(group: string, topic: string, count: number, byteCount: number): void {
    const counters = this.#groups.get(group)?.get(topic) ?? this.#makeGroup(group, topic)
    counters.nums.add(count)
    counters.size.add(byteCount)
    this.#broker.got.add(count, 0)
    const { totals } = this
    totals.got += count
    totals.pullsFound++
    if (counters.isSystem) return
    this.#broker.gotOfUsers.add(count, 0)
    totals.gotOfUsers += count
  }

  /** A pull found nothing. */
  missed(): void {
    this.totals.pullsMissed++
  }

  /** A consumer sent a message back to have it again. */
  sentBack(group: string, topic: string): void {
    this.#counter('SNDBCK_PUT_NUMS', `${topic}@${group}`).add(1)
  }

  /** A message of a group went to its dead letters. */
  deadLettered(group: string, topic: string): void {
    this.#counter('DLQ_PUT_NUMS', `${topic}@${group}`).add(1)
  }

  /** A group acknowledged messages that POP gave it. */
  acknowledged(group: string, topic: string, count: number): void {
    this.#counter('BROKER_ACK_NUMS', this.#options.clusterName).add(count)
    this.#counter('GROUP_ACK_NUMS', `${topic}@${group}`).add(count)
  }

  /** Checkpoints were stored for what POP gave a group. */
  checkpointed(group: string, topic: string, count: number): void {
    this.#counter('BROKER_CK_NUMS', this.#options.clusterName).add(count)
    this.#counter('GROUP_CK_NUMS', `${topic}@${group}`).add(count)
  }

  /** Members of a group were found to subscribe to different messages. */
  subscriptionsDiffer(group: string): void {
    this.#counter('GROUP_SUBSCRIPTIONS_DIFFER', group).add(1)
  }

  /** Reading messages for a pull took so many milliseconds. */
  getTook(group: string, topic: string, queueId: number, elapsedMs: number): void {
    if (elapsedMs > this.getMsMax) this.getMsMax = elapsedMs
    this.#counter('GROUP_GET_LATENCY', `${queueId}@${topic}@${group}`).add(elapsedMs)
  }

  /** A statistic over the last minute, hour and day; undefined when nothing was counted under that key. */
  view(name: string, key: string): BrokerStats | undefined {
    this.#settleTopics()
    const counter = this.#counters.get(name)?.get(key)
    return counter === undefined || counter.sum === 0 ? undefined : this.#sampler.view(counter)
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
    // Keys are `topic`, `topic@group` and `queueId@topic@group`.
    this.#removeKeys((parts) => (parts.length === 1 ? parts[0] : parts.at(-2)) === topic)
  }

  /** Forgets a group that was deleted. */
  removeGroup(group: string): void {
    this.#groups.delete(group)
    this.#removeKeys((parts) => parts.length > 1 && parts.at(-1) === group)
    this.#counters.get('GROUP_SUBSCRIPTIONS_DIFFER')?.delete(group)
  }

  get #timed(): { start(): void; close(): void }[] {
    return [this.#sampler, this.#midnights, this.rates, this.putLatencies]
  }

  #countersOf(topic: string, memo: CountersMemo | undefined): TopicCounters {
    if (memo === undefined || memo.topic !== topic) return this.#topics.get(topic) ?? this.#makeTopic(topic)
    memo.counters ??= this.#topics.get(topic) ?? this.#makeTopic(topic)
    return memo.counters
  }

  #settleTopics(): void {
    const topics = this.#pendingTopics
    this.#pendingTopics = []
    for (const counters of topics) {
      counters.isPending = false
      counters.settle()
    }
  }

  #makeTopic(topic: string): TopicCounters {
    const nums = this.#counter('TOPIC_PUT_NUMS', topic)
    const size = this.#counter('TOPIC_PUT_SIZE', topic)
    const counters = new TopicCounters(nums, size, this.#options.isSystemTopic(topic))
    this.#topics.set(topic, counters)
    return counters
  }

  #makeGroup(group: string, topic: string): GroupCounters {
    const key = `${topic}@${group}`
    const counters = {
      nums: this.#counter('GROUP_GET_NUMS', key),
      size: this.#counter('GROUP_GET_SIZE', key),
      isSystem: this.#options.isSystemTopic(topic),
    }
    const topics = this.#groups.get(group) ?? new Map<string, GroupCounters>()
    topics.set(topic, counters)
    this.#groups.set(group, topics)
    return counters
  }

  #counter(name: string, key: string): Counter {
    let counters = this.#counters.get(name)
    if (counters === undefined) {
      counters = new Map()
      this.#counters.set(name, counters)
    }
    let counter = counters.get(key)
    if (counter === undefined) {
      counter = this.#sampler.makeCounter()
      counters.set(key, counter)
    }
    return counter
  }

  #removeKeys(isOfRemoved: (parts: string[]) => boolean): void {
    for (const counters of this.#counters.values()) {
      for (const key of counters.keys()) if (isOfRemoved(key.split('@'))) counters.delete(key)
    }
  }
}
