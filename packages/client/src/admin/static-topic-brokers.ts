import {
  type ClusterInfo,
  commands,
  defaultTopic,
  leaderItem,
  type TopicConfigAndQueueMapping,
  type TopicRemapping,
  topicConfigAndQueueMappingBody,
  topicQueueMappingDetailBody,
  topicStatsBody,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { RocketMQError } from '../rocketmq-error.ts'
import { masterId } from '../routing/topic-route.ts'
import type { ClusterCalls, Master } from './cluster-calls.ts'
import { isUnchanged, itemLeft, movedLogicOffset, type StaticTopicState } from './static-topic-plan.ts'

/** The brokers of a cluster, as they are asked and told about a static topic. */
export class StaticTopicBrokers {
  readonly #calls: ClusterCalls
  /** Those that take requests, by their names. */
  readonly #masters = new Map<string, Master>()
  /** Names of the brokers of each cluster. */
  readonly #clusters: ReadonlyMap<string, readonly string[]>
  readonly #deadline: () => Deadline

  /** @param deadline of the next request */
  constructor(calls: ClusterCalls, { brokerAddrTable, clusterAddrTable }: ClusterInfo, deadline: () => Deadline) {
    this.#calls = calls
    this.#clusters = clusterAddrTable
    this.#deadline = deadline
    for (const [name, { brokerAddrs }] of [...brokerAddrTable].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const address = brokerAddrs.get(masterId)
      if (address !== undefined) this.#masters.set(name, { name, address })
    }
  }

  /** Names of the brokers that take requests, in their order. */
  get names(): string[] {
    return [...this.#masters.keys()]
  }

  has(broker: string): boolean {
    return this.#masters.has(broker)
  }

  /** Names of the brokers of a cluster. */
  ofCluster(cluster: string): readonly string[] {
    return this.#clusters.get(cluster) ?? []
  }

  /** All brokers of the clusters that a plan's brokers are in. */
  around({ brokerConfigMap }: TopicRemapping): string[] {
    return [...this.#clusters.values()].filter((names) => names.some((name) => brokerConfigMap.has(name))).flat()
  }

  /** The topic on each broker that has it. */
  async stateOf(topic: string): Promise<Map<string, TopicConfigAndQueueMapping>> {
    const header = { topic, lo: true }
    const deadline = this.#deadline()
    const asked = [...this.#masters].map(async ([broker, master]) => {
      const answer = await this.#calls.askOr(master, commands.getTopicConfig, header, deadline, ['TOPIC_NOT_EXIST'])
      return answer && ([broker, answer.read(topicConfigAndQueueMappingBody.decode)] as const)
    })
    return new Map((await Promise.all(asked)).filter((known) => known !== undefined))
  }

  /**
   * Keeps others from changing the topic from now on. Each broker is told an epoch right below that of the plan, and nothing else: it
   * refuses what was planned earlier. Then all brokers have to have what the plan was made of.
   * @param before what it was made of
   * @throws RocketMQError BROKER_NOT_EXIST before anything is told; INVALID_PARAMETER when somebody else changes the topic
   */
  async reserve(plan: TopicRemapping, before: StaticTopicState): Promise<void> {
    for (const broker of plan.brokerConfigMap.keys()) this.#master(broker)
    const epoch = plan.epoch - 1
    const most = Math.max(0, ...[...before.values()].map(({ mappingDetail }) => mappingDetail!.totalQueues))
    const brokerConfigMap = new Map<string, TopicConfigAndQueueMapping>()
    for (const [broker, planned] of plan.brokerConfigMap) {
      const known = before.get(broker)
      // As many queues as there are to be: somebody else may have made some since they were counted.
      const { readQueueNums, writeQueueNums } = planned
      const config = { ...(known ?? planned), readQueueNums, writeQueueNums }
      const totalQueues = known?.mappingDetail?.totalQueues ?? most
      // A logical queue that is not named stays as it is.
      const mappingDetail = { ...planned.mappingDetail!, epoch, totalQueues, hostedQueues: new Map() }
      brokerConfigMap.set(broker, { ...config, mappingDetail })
    }
    const told = [...brokerConfigMap.keys()].map((broker) => this.#write({ ...plan, brokerConfigMap }, [broker], false))
    for (const outcome of await Promise.allSettled(told)) {
      if (outcome.status === 'fulfilled') continue
      const error: unknown = outcome.reason
      if (!(error instanceof RocketMQError) || error.responseCode === undefined) throw error
      throw this.#changedByOthers(plan.topic, error.message)
    }
    const now = await this.stateOf(plan.topic)
    const isOurs = [...plan.brokerConfigMap.keys()].every((broker) => now.get(broker)?.mappingDetail?.epoch === epoch)
    if (!isOurs || !isUnchanged(before, now)) throw this.#changedByOthers(plan.topic)
  }

  #changedByOthers(topic: string, reason = 'it is not any more what it was a moment ago'): RocketMQError {
    const advice =
      'look what it is then, and do the rest of that change by completeStaticTopic (rocketmq static complete)'
    const text = `the static topic ${topic} is being changed by somebody else: ${reason}; ${advice}`
    return new RocketMQError('INVALID_PARAMETER', text, { topic })
  }

  /**
   * Tells brokers what a plan says of them.
   * @param force whatever they have
   * @throws RocketMQError BROKER_NOT_EXIST before anything is told, when one of them takes no requests
   */
  async writeAll(plan: TopicRemapping, force = false): Promise<void> {
    for (const broker of plan.brokerConfigMap.keys()) this.#master(broker)
    await this.#write(plan, [...plan.brokerConfigMap.keys()], force)
  }

  /**
   * Moves queues. First the new leader takes messages, then the old one takes none any more; what it has then says where the
   * queue goes on.
   * @throws RocketMQError as `writeAll`
   */
  async move(plan: TopicRemapping, force = false): Promise<void> {
    for (const broker of plan.brokerConfigMap.keys()) this.#master(broker)
    await this.#write(plan, plan.brokerToMapIn, force)
    await this.#write(plan, plan.brokerToMapOut, force)
    for (const broker of plan.brokerToMapOut) await this.#decideOffsets(plan, broker)
    await this.#write(plan, plan.brokerToMapIn, force)
    const moved = new Set([...plan.brokerToMapIn, ...plan.brokerToMapOut])
    const others = [...plan.brokerConfigMap.keys()].filter((broker) => !moved.has(broker))
    await this.#write(plan, others, force)
  }

  /** @throws RocketMQError BROKER_NOT_EXIST */
  #master(broker: string): Master {
    const master = this.#masters.get(broker)
    if (master !== undefined) return master
    const known = this.names.join(', ')
    throw new RocketMQError('BROKER_NOT_EXIST', `no broker ${broker} takes requests now; there are: ${known}`)
  }

  async #decideOffsets({ topic, brokerConfigMap }: TopicRemapping, broker: string): Promise<void> {
    const master = this.#master(broker)
    const { read } = await this.#calls.ask(master, commands.getTopicStatsInfo, { topic }, this.#deadline())
    const ranges = new Map(read(topicStatsBody.decode).offsetTable.map(([queue, range]) => [queue.queueId, range]))
    for (const [id, items] of brokerConfigMap.get(broker)?.mappingDetail?.hostedQueues ?? []) {
      const left = itemLeft(items)
      if (left === undefined || left.bname !== broker) continue
      const range = ranges.get(left.queueId)
      if (range === undefined) {
        throw new RocketMQError('INVALID_ANSWER', `${broker} says nothing of queue ${left.queueId} of ${topic}`)
      }
      const last = leaderItem(items)!
      const decided = [...items.slice(0, -1), { ...last, logicOffset: movedLogicOffset(left, range.maxOffset) }]
      brokerConfigMap.get(last.bname!)!.mappingDetail!.hostedQueues.set(id, decided)
    }
  }

  async #write({ topic, brokerConfigMap }: TopicRemapping, brokers: readonly string[], force: boolean): Promise<void> {
    for (const broker of brokers) {
      const { readQueueNums, writeQueueNums, perm, topicFilterType, topicSysFlag, order, mappingDetail } =
        brokerConfigMap.get(broker)!
      const header = {
        ...{ topic, defaultTopic, readQueueNums, writeQueueNums, perm, topicFilterType, topicSysFlag, order },
        force,
      }
      const body = topicQueueMappingDetailBody.encode(mappingDetail!)
      const master = this.#master(broker)
      await this.#calls.ask(master, commands.updateAndCreateStaticTopic, header, this.#deadline(), body)
    }
  }
}
