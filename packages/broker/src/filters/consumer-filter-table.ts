import { createHash } from 'node:crypto'
import { LruMap } from '@rocketmq-ts/base'
import {
  type ConsumerFilterData,
  type ConsumerFilters,
  consumerFiltersBody,
  ProtocolError,
  type SubscriptionData,
  topicFiltersBody,
  type Writable,
} from '@rocketmq-ts/protocol'
import { type KeptFolder, KeptState, tableFilePieces } from '../kept/index.ts'
import { type BloomBits, type BloomSizes, bloomBits } from './bloom-bits.ts'
import type { ExpressionCompiler } from './expression-compiler.ts'
import { isByTags } from './is-by-tags.ts'

export interface ConsumerFilterTableOptions {
  /** Where consumerFilter.json is. */
  config: KeptFolder
  compiler: Pick<ExpressionCompiler, 'compile'>
  bloomSizes: BloomSizes
  /** Milliseconds that the expressions of absent groups are kept. */
  keptMs(): number
}

/** The expression by which a group asks for messages of a topic. */
export interface ConsumerFilter {
  readonly topic: string
  readonly group: string
  readonly expressionType: string
  readonly expression: string
  /** Of the subscription; the newer one counts, unless nobody asks by it any more. */
  readonly clientVersion: number
  /** Milliseconds since 1970. */
  readonly bornMs: number
  /** Milliseconds since 1970 since when nobody asks by it; 0 while somebody does. */
  readonly deadMs: number
  readonly bits: BloomBits
}

/** Milliseconds between two writes of the file, as in the official broker. */
const writeIntervalMs = 10_000
/** Of a group that was there when the broker stopped nobody knows when it left. */
const absentBeforeStartMs = 30_000
/** Expressions that cannot be used come with each heartbeat: each is told of once. */
const refusedKept = 1_000
/** Characters of an expression in the log. */
const shownLengthMax = 512
/** Characters of names and expressions that are kept for nobody, with what each takes besides. */
const deadLengthMax = 16 * 1024 * 1024
const deadLengthBesides = 512

/**
 * The expressions that groups told in their heartbeats, kept in config/consumerFilter.json. They come again with the next
 * heartbeats: what is kept tells an official broker which expressions its bit maps were made for.
 */
export class ConsumerFilterTable {
  readonly #options: ConsumerFilterTableOptions
  /** Group to topic. */
  readonly #groups = new Map<string, Map<string, ConsumerFilter>>()
  /** Those that nobody asks by, whoever left first in front. So many of them are kept as anybody may fill memory with. */
  readonly #dead = new LruMap<string, ConsumerFilter>(deadLengthMax, (filter) => this.#removeSame(filter), {
    weightOf: ({ topic, group, expression }) => topic.length + group.length + expression.length + deadLengthBesides,
    countMin: 1,
  })
  /** The hash of the expression of a group for a topic that was refused last. */
  readonly #refused = new LruMap<string, string>(refusedKept)
  readonly #kept: KeptState<ConsumerFilters>

  /** @throws Error when the file is there and cannot be used */
  constructor(options: ConsumerFilterTableOptions) {
    this.#options = options
    this.#kept = new KeptState(options.config, {
      file: 'consumerFilter.json',
      parse: (text) => consumerFiltersBody.parse(text),
      pieces: () => this.#pieces(),
      intervalMs: writeIntervalMs,
      isProgress: false,
      gatherMs: writeIntervalMs,
    })
    for (const { groupFilterData } of this.#kept.content?.filterDataByTopic.values() ?? []) {
      for (const data of groupFilterData.values()) this.#load(data)
    }
  }

  /** Groups that have expressions, and how many. */
  counts(): { groups: number; expressions: number } {
    let expressions = 0
    for (const topics of this.#groups.values()) expressions += topics.size
    return { groups: this.#groups.size, expressions }
  }

  get(topic: string, group: string): ConsumerFilter | undefined {
    return this.#groups.get(group)?.get(topic)
  }

  /** A member of a group subscribes to these topics and no others. */
  register(group: string, subscriptions: readonly SubscriptionData[]): void {
    const byExpression = subscriptions.filter((subscription) => !isByTags(subscription))
    const topics = this.#groups.get(group)
    if (byExpression.length === 0 && topics === undefined) return
    for (const subscription of byExpression) this.#registerOne(group, subscription)
    const asked = new Set(byExpression.map(({ topic }) => topic))
    for (const topic of topics?.keys() ?? []) if (!asked.has(topic)) this.#die(group, topic)
  }

  /** A group has no members any more. */
  unregister(group: string): void {
    for (const topic of this.#groups.get(group)?.keys() ?? []) this.#die(group, topic)
  }

  /** A group was deleted. What members subscribe to stays: not all tell it again with each heartbeat. */
  removeGroup(group: string): void {
    for (const topic of [...(this.#groups.get(group)?.keys() ?? [])]) this.#removeDead(group, topic)
  }

  /** A topic was deleted; see `removeGroup`. */
  removeTopic(topic: string): void {
    for (const group of [...this.#groups.keys()]) this.#removeDead(group, topic)
  }

  /** Writes what is not written yet; nothing is written after it. */
  close(): void {
    this.#kept.close()
  }

  #registerOne(group: string, subscription: SubscriptionData): void {
    const { topic, subString = '', expressionType, subVersion } = subscription
    const known = this.get(topic, group)
    // Versions are times of the members' clocks: of members that are gone, one may have been ahead.
    if (known?.deadMs === 0 && subVersion < known.clientVersion) return
    const isSame = known?.expression === subString && known.expressionType === expressionType
    if (isSame && subVersion === known.clientVersion && known.deadMs === 0) return
    if (!isSame && !this.#isUsable(group, subscription)) {
      // Pulls are told that there is none, and the members of the group see that theirs is wrong.
      this.#remove(group, topic)
      return
    }
    this.#set({
      topic,
      group,
      expressionType,
      expression: subString,
      clientVersion: subVersion,
      bornMs: isSame ? known.bornMs : this.#options.config.clock.now(),
      deadMs: 0,
      bits: isSame ? known.bits : bloomBits(topic, group, this.#options.bloomSizes),
    })
    if (!isSame) {
      const { log } = this.#options.config
      const fields = { group, topic, expression: subString.slice(0, shownLengthMax) }
      log.info(fields, 'a group filters messages by an expression')
    }
  }

  #isUsable(group: string, subscription: Pick<SubscriptionData, 'topic' | 'subString' | 'expressionType'>): boolean {
    const { topic, subString = '', expressionType } = subscription
    try {
      this.#options.compiler.compile(expressionType, subString)
      return true
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      const key = hashOf(topic, group)
      const hash = hashOf(expressionType, subString)
      if (this.#refused.get(key) !== hash) {
        this.#refused.set(key, hash)
        const fields = { group, topic, expression: subString.slice(0, shownLengthMax), reason: error.message }
        this.#options.config.log.warn(fields, 'a group subscribed by an expression that cannot be used')
      }
      return false
    }
  }

  #set(filter: ConsumerFilter): void {
    const { group, topic } = filter
    let topics = this.#groups.get(group)
    if (topics === undefined) {
      topics = new Map()
      this.#groups.set(group, topics)
    }
    topics.set(topic, filter)
    const key = hashOf(topic, group)
    if (filter.deadMs === 0) this.#dead.delete(key)
    else this.#dead.set(key, filter)
    this.#kept.later()
  }

  #remove(group: string, topic: string): void {
    const topics = this.#groups.get(group)
    if (!topics?.delete(topic)) return
    if (topics.size === 0) this.#groups.delete(group)
    this.#dead.delete(hashOf(topic, group))
    this.#kept.later()
  }

  #removeSame(filter: ConsumerFilter): void {
    const { group, topic } = filter
    if (this.get(topic, group) === filter) this.#remove(group, topic)
  }

  #removeDead(group: string, topic: string): void {
    const filter = this.get(topic, group)
    if (filter !== undefined && filter.deadMs !== 0) this.#remove(group, topic)
  }

  #die(group: string, topic: string): void {
    const filter = this.get(topic, group)!
    if (filter.deadMs === 0) this.#set({ ...filter, deadMs: this.#options.config.clock.now() })
  }

  #load(data: ConsumerFilterData): void {
    const { topic, consumerGroup: group, expression = '', expressionType = '', clientVersion, bornTime } = data
    if (topic === undefined || group === undefined) return
    if (!this.#isUsable(group, { topic, subString: expression, expressionType })) return
    const leftMs = Math.max(bornTime, this.#options.config.clock.now() - absentBeforeStartMs)
    const deadMs = data.deadTime === 0 ? leftMs : data.deadTime
    const bits = bloomBits(topic, group, this.#options.bloomSizes)
    this.#set({ topic, group, expressionType, expression, clientVersion, bornMs: bornTime, deadMs, bits })
  }

  #pieces(): Iterable<string> {
    this.#dropOld()
    const byTopic = new Map<string, ConsumerFilter[]>()
    for (const topics of this.#groups.values()) {
      for (const filter of topics.values()) {
        const filters = byTopic.get(filter.topic)
        if (filters === undefined) byTopic.set(filter.topic, [filter])
        else filters.push(filter)
      }
    }
    return tableFilePieces([{ name: 'filterDataByTopic', entries: writableTopics(byTopic) }])
  }

  #dropOld(): void {
    const beforeMs = this.#options.config.clock.now() - this.#options.keptMs()
    for (const topics of [...this.#groups.values()]) {
      for (const { group, topic, deadMs } of [...topics.values()]) {
        if (deadMs !== 0 && deadMs <= beforeMs) this.#remove(group, topic)
      }
    }
  }
}

/** Two texts of clients, which are as long as they like, as a short one. */
function hashOf(one: string, other: string): string {
  return createHash('sha256')
    .update(JSON.stringify([one, other]))
    .digest('base64')
}

/** A filter that changes is another object then. */
function* writableTopics(
  byTopic: ReadonlyMap<string, readonly ConsumerFilter[]>,
): Iterable<[topic: string, value: Writable]> {
  for (const [topic, filters] of byTopic) {
    const groupFilterData = new Map(filters.map((filter) => [filter.group, dataOf(filter)]))
    yield [topic, topicFiltersBody.toWritable({ groupFilterData, topic })]
  }
}

function dataOf(filter: ConsumerFilter): ConsumerFilterData {
  const { topic, group, expression, expressionType, clientVersion, bornMs, deadMs, bits } = filter
  return {
    bloomFilterData: bits,
    bornTime: bornMs,
    clientVersion,
    consumerGroup: group,
    dead: deadMs !== 0,
    deadTime: deadMs,
    expression,
    expressionType,
    topic,
  }
}
