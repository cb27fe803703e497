import {
  commands,
  type LogicQueueMappingItem,
  logicalQueues,
  type TopicQueueMappingDetail,
  toLogicalOffset,
  topicConfigAndQueueMappingBody,
  topicQueueMappingDetailBody,
  topicStatsBody,
} from '@rocketmq-ts/protocol'
import type { BrokerMachine } from '../cluster/broker-machine.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { BrokerCalls } from './broker-calls.ts'
import type { ClusterClient } from './cluster-client.ts'

/** Where a logical queue goes on is this far behind its end, so that tests can tell offsets apart. */
export const moveGap = 1000

/** A move takes these steps, one after the other. */
export const moveSteps = ['new leader', 'old leader', 'offset', 'others'] as const

/** Makes a static topic and moves its queues, step by step, as the tools of administrators do. */
export class StaticTopicAdmin {
  readonly topic: string
  readonly client: ClusterClient
  readonly #cluster: Cluster
  /** Of each broker, by its name: the logical queues that it knows of. */
  readonly #known = new Map<string, Map<number, LogicQueueMappingItem[]>>()
  /** Of each broker: how many queues the topic has there. */
  readonly #counts = new Map<string, number>()
  #totalQueues = 0
  #epoch = 1

  constructor(cluster: Cluster, client: ClusterClient, topic: string) {
    this.#cluster = cluster
    this.client = client
    this.topic = topic
  }

  /** @param leaders the brokers that lead the queues, in the order of their ids */
  async create(leaders: readonly string[]): Promise<void> {
    this.#totalQueues = leaders.length
    for (const { name } of this.#cluster.brokers) this.#known.set(name, new Map())
    for (const [id, bname] of leaders.entries()) {
      this.#known.get(bname)!.set(id, [newItem(0, this.#addQueue(bname), bname, 0)])
    }
    for (const { name } of this.#cluster.brokers) await this.tell(name)
  }

  /**
   * Moves a queue to another broker.
   * @param before called before each step
   */
  async move(
    id: number,
    to: string,
    before: (step: (typeof moveSteps)[number]) => Promise<void> | void = () => {},
  ): Promise<void> {
    const from = this.leaderOf(id)
    const items = this.#known.get(from)!.get(id)!
    this.#epoch++
    const moved = [...items, newItem(items.at(-1)!.gen + 1, this.#addQueue(to), to, -1)]
    for (const broker of [from, to]) this.#known.get(broker)!.set(id, moved)
    await before('new leader')
    await this.tell(to)
    await before('old leader')
    await this.tell(from)
    await before('offset')
    const left = items.at(-1)!
    const { body } = await this.calls(from).ask(commands.getTopicStatsInfo, { topic: this.topic })
    const [, range] = topicStatsBody.decode(body).offsetTable.find(([queue]) => queue.queueId === left.queueId)!
    const logicOffset = toLogicalOffset(left, range.maxOffset) + moveGap
    this.#known.get(to)!.set(id, [...items, { ...moved.at(-1)!, logicOffset }])
    await this.tell(to)
    await before('others')
    for (const { name } of this.#cluster.brokers) if (name !== from && name !== to) await this.tell(name)
  }

  /** Who leads a queue by what was told to brokers last. */
  leaderOf(id: number): string {
    for (const [broker, queues] of this.#known) if (queues.get(id)?.at(-1)?.bname === broker) return broker
    throw new Error(`nobody leads queue ${id}`)
  }

  /** The items of a queue, as its leader knows them. */
  itemsOf(id: number): readonly LogicQueueMappingItem[] {
    return this.#known.get(this.leaderOf(id))!.get(id)!
  }

  /** A broker's part of the topic. */
  part(broker: string): TopicQueueMappingDetail {
    return {
      topic: this.topic,
      scope: '__global__',
      totalQueues: this.#totalQueues,
      bname: broker,
      epoch: this.#epoch,
      dirty: false,
      currIdMap: new Map(),
      hostedQueues: new Map(this.#known.get(broker)),
    }
  }

  /** Gives a broker its part. @throws ResponseError when it is refused */
  async tell(broker: string, part = this.part(broker), force = false): Promise<void> {
    const count = this.#counts.get(broker) ?? 0
    await this.calls(broker).ask(
      commands.updateAndCreateStaticTopic,
      {
        topic: this.topic,
        defaultTopic: 'TBW102',
        readQueueNums: count,
        writeQueueNums: count,
        perm: 6,
        topicFilterType: 'SINGLE_TAG',
        order: false,
        force,
      },
      topicQueueMappingDetailBody.encode(part),
    )
  }

  /** What a broker says of its part; undefined for an ordinary topic. */
  async told(broker: string): Promise<TopicQueueMappingDetail | undefined> {
    const { body } = await this.calls(broker).ask(commands.getTopicConfig, { topic: this.topic, lo: true })
    return topicConfigAndQueueMappingBody.decode(body).mappingDetail
  }

  calls(broker: string, client = this.client): BrokerCalls {
    return client.broker(this.machine(broker))
  }

  machine(broker: string): BrokerMachine {
    return this.#cluster.brokers.find(({ name }) => name === broker)!
  }

  /** Who leads each queue by the route, in the order of their ids. */
  async leaders(client = this.client): Promise<string[]> {
    const route = await client.nameServer(this.#cluster.nameServers[0]!).route(this.topic)
    return ((route && logicalQueues(route)) ?? []).map(({ leader }) => leader)
  }

  #addQueue(broker: string): number {
    const queueId = this.#counts.get(broker) ?? 0
    this.#counts.set(broker, queueId + 1)
    return queueId
  }
}

function newItem(gen: number, queueId: number, bname: string, logicOffset: number): LogicQueueMappingItem {
  return { gen, queueId, bname, logicOffset, startOffset: 0, endOffset: -1, timeOfStart: -1, timeOfEnd: -1 }
}
