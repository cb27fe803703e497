import type { Master } from '@rocketmq-ts/client/raw'
import {
  commands,
  defaultTopic,
  leaderItem,
  type TopicConfigAndQueueMapping,
  type TopicRemapping,
  topicConfigAndQueueMappingBody,
  topicQueueMappingDetailBody,
  topicRemappingBody,
  topicStatsBody,
} from '@rocketmq-ts/protocol'
import { CommandError, UsageError } from '../usage-error.ts'
import {
  checkedStaticTopic,
  itemLeft,
  movedLogicOffset,
  planOfMove,
  planOfQueues,
  type StaticTopicState,
  withOtherBrokers,
} from './static-topic-plan.ts'
import { optional, required, type Tool, type ToolContext, topic } from './tool.ts'

const where = [
  optional('c', 'clusters', 'clusters, separated by commas: all of their brokers'),
  optional('b', 'brokers', 'names of brokers, separated by commas'),
]
const fromFile = [
  optional('mf', 'mapFile', 'a file that an earlier run wrote: what it says is done, and nothing else'),
  optional('fr', 'forceReplace', 'true: whatever the mapping says that there is'),
]
/** Where the official tools write what there was before, and what there will be. */
const folder = '/tmp'

export const staticTopicTools: readonly Tool[] = [
  {
    name: 'updateStaticTopic',
    about: 'Makes a static topic, which has a fixed number of queues, or gives it more.',
    options: [
      ...where,
      topic,
      required('qn', 'totalQueueNum', 'queues of the topic, on all brokers together'),
      ...fromFile,
    ],
    async run(context) {
      const { name, cluster, targets, given } = await begun(context)
      if (given !== undefined) {
        await cluster.writeAll(withOtherBrokers(given, cluster.brokersAround(given)))
        return
      }
      const total = context.number('totalQueueNum', 0)
      const before = await cluster.stateOf(name)
      const { epoch } = checkedStaticTopic(name, before)
      const nowMs = context.session.host.now()
      const old = remappingOf(name, before.size === 0 ? nowMs : epoch, before)
      await context.line(`The old mapping data is written to file ${await write(context, old, 'before')}`)
      const plan = planOfQueues(name, total, targets, before, nowMs)
      await context.line(`The new mapping data is written to file ${await write(context, plan, 'after')}`)
      await cluster.writeAll(withOtherBrokers(plan, cluster.brokersAround(plan)))
    },
  },
  {
    name: 'remappingStaticTopic',
    about: 'Moves the queues of a static topic to other brokers.',
    options: [...where, topic, ...fromFile],
    async run(context) {
      const { name, cluster, targets, given } = await begun(context)
      if (given !== undefined) {
        await cluster.move(given)
        return
      }
      const before = await cluster.stateOf(name)
      if (before.size === 0) throw new CommandError(`no broker has a topic ${name}: make it with updateStaticTopic`)
      const { epoch } = checkedStaticTopic(name, before)
      await context.line(
        `The old mapping data is written to file ${await write(context, remappingOf(name, epoch, before), 'before')}`,
      )
      const plan = planOfMove(name, targets, before, context.session.host.now())
      // The official tool says "old" of both files.
      await context.line(`The old mapping data is written to file ${await write(context, plan, 'after')}`)
      await cluster.move(withOtherBrokers(plan, cluster.brokersAround(plan)))
    },
  },
]

function remappingOf(name: string, epoch: number, state: StaticTopicState): TopicRemapping {
  return {
    topic: name,
    type: 'CREATE_OR_UPDATE',
    epoch,
    brokerConfigMap: new Map(state),
    brokerToMapIn: [],
    brokerToMapOut: [],
  }
}

async function write(context: ToolContext, plan: TopicRemapping, suffix: 'before' | 'after'): Promise<string> {
  const path = `${folder}/${plan.topic}-${plan.epoch}.${suffix}`
  await context.session.host.replacePrivateFile(path, topicRemappingBody.encode(plan, 'standard'))
  return path
}

/** The topic, the brokers that are to have it, which must have masters, and the plan that a file gives. */
async function begun(context: ToolContext) {
  const name = context.need('topic')
  const cluster = await Cluster.of(context)
  const targets = cluster.targets()
  for (const broker of targets) cluster.master(broker)
  return { name, cluster, targets, given: await planOfFile(context, name) }
}

/** @throws CommandError when the file cannot be used */
async function planOfFile(context: ToolContext, name: string): Promise<TopicRemapping | undefined> {
  const path = context.value('mapFile')
  if (path === undefined) return undefined
  const content = await context.session.host.readFile(path)
  if (content === undefined) throw new UsageError(`there is no file ${path}`)
  const plan = topicRemappingBody.decode(content)
  checkedStaticTopic(name, plan.brokerConfigMap)
  return plan
}

/** The brokers that a tool works on. */
class Cluster {
  readonly #context: ToolContext
  readonly #masters: ReadonlyMap<string, Master>
  /** The brokers of each cluster. */
  readonly #clusters: ReadonlyMap<string, readonly string[]>

  private constructor(
    context: ToolContext,
    masters: ReadonlyMap<string, Master>,
    clusters: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#context = context
    this.#masters = masters
    this.#clusters = clusters
  }

  static async of(context: ToolContext): Promise<Cluster> {
    const { brokerAddrTable, clusterAddrTable } = await context.clusterInfo()
    const masters = new Map<string, Master>()
    for (const [name, { brokerAddrs }] of brokerAddrTable) {
      const address = brokerAddrs.get(0)
      if (address !== undefined) masters.set(name, { name, address })
    }
    return new Cluster(context, masters, clusterAddrTable)
  }

  /** The brokers that -b names, or those of the clusters that -c names. @throws UsageError when there are none */
  targets(): Set<string> {
    const brokers = listed(this.#context.value('brokers'))
    const clusters = listed(this.#context.value('clusters'))
    if (brokers.length === 0 && clusters.length === 0) throw new UsageError('give -b (brokers) or -c (clusters)')
    const found = brokers.length > 0 ? brokers : clusters.flatMap((name) => this.#clusters.get(name) ?? [])
    if (found.length === 0) throw new CommandError('Find none brokers, do nothing')
    return new Set(found)
  }

  /** @throws CommandError for a broker that takes no requests */
  master(broker: string): Master {
    const master = this.#masters.get(broker)
    if (master === undefined) throw new CommandError(`Can't find addr for broker ${broker}`)
    return master
  }

  /** All brokers of the clusters that a plan's brokers are in. */
  brokersAround({ brokerConfigMap }: TopicRemapping): string[] {
    return [...this.#clusters.values()].filter((names) => names.some((name) => brokerConfigMap.has(name))).flat()
  }

  /** The topic on each broker that has it. */
  async stateOf(name: string): Promise<Map<string, TopicConfigAndQueueMapping>> {
    const state = new Map<string, TopicConfigAndQueueMapping>()
    for (const [broker, master] of [...this.#masters].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const header = { topic: name, lo: true }
      const { calls, deadline } = this.#context
      const answer = await calls.askOr(master, commands.getTopicConfig, header, deadline, ['TOPIC_NOT_EXIST'])
      if (answer !== undefined) state.set(broker, topicConfigAndQueueMappingBody.decode(answer.body))
    }
    return state
  }

  /** Gives brokers what a plan says of them. */
  async writeAll(plan: TopicRemapping): Promise<void> {
    for (const broker of plan.brokerConfigMap.keys()) this.master(broker)
    await this.#write(plan, [...plan.brokerConfigMap.keys()])
  }

  /**
   * Moves queues. First the new leader takes messages, then the old one takes none any more; what it has then says where the
   * queue goes on. A run that was interrupted in between is completed by another one with the plan's file (-mf).
   */
  async move(plan: TopicRemapping): Promise<void> {
    for (const broker of plan.brokerConfigMap.keys()) this.master(broker)
    await this.#write(plan, plan.brokerToMapIn)
    await this.#write(plan, plan.brokerToMapOut)
    for (const broker of plan.brokerToMapOut) await this.#decideOffsets(plan, broker)
    await this.#write(plan, plan.brokerToMapIn)
    const moved = new Set([...plan.brokerToMapIn, ...plan.brokerToMapOut])
    await this.#write(
      plan,
      [...plan.brokerConfigMap.keys()].filter((broker) => !moved.has(broker)),
    )
  }

  async #decideOffsets(plan: TopicRemapping, broker: string): Promise<void> {
    const { topic: name, brokerConfigMap } = plan
    const { body } = await this.#context.ask(this.master(broker), commands.getTopicStatsInfo, { topic: name })
    const ranges = new Map(topicStatsBody.decode(body).offsetTable.map(([queue, range]) => [queue.queueId, range]))
    for (const [id, items] of brokerConfigMap.get(broker)?.mappingDetail?.hostedQueues ?? []) {
      const left = itemLeft(items)
      if (left === undefined || left.bname !== broker) continue
      const range = ranges.get(left.queueId)
      if (range === undefined) throw new CommandError(`${broker} says nothing of queue ${left.queueId} of ${name}`)
      const last = leaderItem(items)!
      const decided = [...items.slice(0, -1), { ...last, logicOffset: movedLogicOffset(left, range.maxOffset) }]
      brokerConfigMap.get(last.bname!)!.mappingDetail!.hostedQueues.set(id, decided)
    }
  }

  async #write({ topic: name, brokerConfigMap }: TopicRemapping, brokers: readonly string[]): Promise<void> {
    const force = this.#context.value('forceReplace') === 'true'
    for (const broker of brokers) {
      const { readQueueNums, writeQueueNums, perm, topicFilterType, topicSysFlag, order, mappingDetail } =
        brokerConfigMap.get(broker)!
      const header = {
        ...{ topic: name, defaultTopic, readQueueNums, writeQueueNums, perm, topicFilterType, topicSysFlag, order },
        force,
      }
      const body = topicQueueMappingDetailBody.encode(mappingDetail!)
      await this.#context.ask(this.master(broker), commands.updateAndCreateStaticTopic, header, body)
    }
  }
}

function listed(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
