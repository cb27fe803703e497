import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import {
  commands,
  isDecided,
  type LogicQueueMappingItem,
  leaderItem,
  type TopicQueueMappingDetail,
  topicConfigAndQueueMappingBody,
  topicStatsBody,
} from '@rocketmq-ts/protocol'
import type { ItemCalls } from './item-calls.ts'
import type { MappingTable } from './mapping-table.ts'
import type { StaticTopic } from './static-topic.ts'

export interface MappingCleaningParts {
  clock: Clock
  log: Log
  mappings: Pick<MappingTable, 'details' | 'get' | 'set'>
  itemCalls: Pick<ItemCalls, 'send'>
  store: {
    minOffset(topic: string, queueId: number): number
    maxOffset(topic: string, queueId: number): number
  }
  /** The brokers that lead the queues of a static topic, by the ids of these. */
  leaders(topic: string): Promise<ReadonlyMap<number, string>>
  /** Hours of the day in which old messages are deleted. */
  hours(): readonly number[]
  /** Told a topic whose mapping is another one. */
  onCleaned(topic: string): void
}

const intervalMs = 5 * 60_000

/**
 * Removes from the mappings what nobody needs any more, in the hours in which old messages are deleted: the oldest item of
 * a logical queue, once all its messages are gone, and logical queues that this broker once led and that moved on.
 */
export class MappingCleaning {
  readonly #parts: MappingCleaningParts
  #cancelTimer: CancelTimer | undefined
  #isRunning = false

  constructor(parts: MappingCleaningParts) {
    this.#parts = parts
  }

  start(): void {
    const { clock, hours, log } = this.#parts
    this.#cancelTimer = clock.every(intervalMs, () => {
      if (!hours().includes(new Date(clock.now()).getHours())) return
      this.run().catch((err: unknown) => log.warn({ err }, 'the mappings of static topics could not be cleaned'))
    })
  }

  close(): void {
    this.#cancelTimer?.()
  }

  /** Goes once through all mappings. What another broker does not answer stays until the next time. */
  async run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (const topic of this.#parts.mappings.details().keys()) await this.#cleanOrTell(topic)
    } finally {
      this.#isRunning = false
    }
  }

  /** One that cannot be cleaned does not keep those behind it from being. */
  async #cleanOrTell(topic: string): Promise<void> {
    try {
      await this.#clean(topic)
    } catch (err) {
      this.#parts.log.warn({ topic, err }, 'the mapping of a static topic could not be cleaned')
    }
  }

  async #clean(name: string): Promise<void> {
    const { mappings, log } = this.#parts
    const topic = mappings.get(name)
    if (topic === undefined) return
    const hostedQueues = new Map(topic.detail.hostedQueues)
    const empty = await this.#withoutEmptyItems(name, topic)
    for (const [id, items] of empty) hostedQueues.set(id, items)
    const moved = await this.#movedOn(name, topic)
    for (const id of moved) hostedQueues.delete(id)
    // Another mapping came meanwhile: it is looked at the next time.
    if ((empty.size === 0 && moved.length === 0) || mappings.get(name) !== topic) return
    mappings.set(name, { ...topic.detail, hostedQueues })
    log.info({ topic: name, shortened: [...empty.keys()], removed: moved }, 'the mapping of a static topic was cleaned')
    this.#parts.onCleaned(name)
  }

  /** Logical queues that this broker leads, whose oldest item has no messages any more, with what is left of them. */
  async #withoutEmptyItems(name: string, topic: StaticTopic): Promise<Map<number, LogicQueueMappingItem[]>> {
    const shorter = new Map<number, LogicQueueMappingItem[]>()
    for (const [id, items] of topic.detail.hostedQueues) {
      const [oldest, next] = items
      if (oldest === undefined || next === undefined || !isDecided(next) || !topic.isHere(leaderItem(items)!)) continue
      if (await this.#isEmpty(name, topic, oldest)) shorter.set(id, items.slice(1))
    }
    return shorter
  }

  async #isEmpty(topic: string, here: StaticTopic, item: LogicQueueMappingItem): Promise<boolean> {
    const { store, itemCalls } = this.#parts
    const { bname, queueId } = item
    if (here.isHere(item)) return store.minOffset(topic, queueId) >= store.maxOffset(topic, queueId)
    const header = { topic, lo: false, bname }
    const body = await this.#answerOf(item, () => itemCalls.send(item, commands.getTopicStatsInfo, header))
    const found = body && topicStatsBody.decode(body).offsetTable.find(([queue]) => queue.queueId === queueId)
    return found !== undefined && found[1].minOffset >= found[1].maxOffset
  }

  /** Logical queues of which this broker knows a leader that is not the one any more. */
  async #movedOn(name: string, topic: StaticTopic): Promise<number[]> {
    const { detail } = topic
    const known = [...detail.hostedQueues].filter(([, items]) => !topic.isHere(leaderItem(items)!))
    if (known.length === 0) return []
    const leaders = await this.#parts.leaders(name)
    const moved: number[] = []
    for (const [id, items] of known) {
      const leader = leaders.get(id)
      const last = leaderItem(items)!
      if (leader === undefined || leader === last.bname) continue
      const ofLeader = await this.#mappingOf(name, { ...last, bname: leader })
      if (ofLeader === undefined || !isSameState(ofLeader, detail)) continue
      if (leaderItem(ofLeader.hostedQueues.get(id) ?? [])?.bname === leader) moved.push(id)
    }
    return moved
  }

  async #mappingOf(topic: string, item: LogicQueueMappingItem): Promise<TopicQueueMappingDetail | undefined> {
    const header = { topic, lo: true, bname: item.bname }
    const body = await this.#answerOf(item, () => this.#parts.itemCalls.send(item, commands.getTopicConfig, header))
    return body && topicConfigAndQueueMappingBody.decode(body).mappingDetail
  }

  /** The body of an answer; undefined when there is none, which is told. */
  async #answerOf(
    { bname }: LogicQueueMappingItem,
    ask: () => Promise<{ code: number; body?: Buffer | undefined }>,
  ): Promise<Buffer | undefined> {
    try {
      const { code, body } = await ask()
      if (code === 0) return body
      this.#parts.log.warn({ broker: bname, code }, 'a static topic could not be looked at on another broker')
    } catch (err) {
      this.#parts.log.warn({ broker: bname, err }, 'a static topic could not be looked at on another broker')
    }
    return undefined
  }
}

function isSameState(one: TopicQueueMappingDetail, other: TopicQueueMappingDetail): boolean {
  return one.epoch === other.epoch && one.totalQueues === other.totalQueues
}
