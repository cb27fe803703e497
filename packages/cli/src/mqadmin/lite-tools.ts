import type { CallAnswer, Master } from '@rocketmq-ts/client/raw'
import {
  type AnyCommand,
  type Body,
  brokerLiteInfoBody,
  commands,
  type LiteLag,
  liteClientInfoBody,
  liteGroupInfoBody,
  liteQueueOf,
  liteTopicInfoBody,
  parentTopicInfoBody,
  type RequestOf,
} from '@rocketmq-ts/protocol'
import { CommandError } from '../usage-error.ts'
import { atEachBroker } from './each-broker.ts'
import { formatted, hashOrder, localTime } from './java-text.ts'
import { flag, optional, required, type Tool, type ToolContext } from './tool.ts'
import { routeOf } from './topic-tools.ts'

const brokerColumns = '%-30s %-17s %-10s %-14s %-20s %-17s %-15s %-18s %-15s\n'
const parentColumns = '%-50s %-8s %-14s %-14s %-100s \n'
const topicColumns = '%-50s %-14s %-14s %-30s %-12s %-18s \n'
const clientColumns = '%-30s %-20s %-30s %-30s \n'
const progressColumns = '%-50s %-16s %-16s %-16s %-30s\n'
const lagColumns = '%-6s %-40s %-12s %-30s\n'
const dispatchColumns = '%-30s %-12s\n'

/** Characters of a broker's name that are shown. */
const nameCharacters = 40

/** Lite topics of a client that are asked for. */
const clientTopicsMax = 1000

const parent = required('p', 'parentTopic', 'the topic whose lite topics they are')
const group = required('g', 'group', 'name of the group')

/** What brokers tell of lite topics. */
export const liteTools: readonly Tool[] = [
  {
    name: 'getBrokerLiteInfo',
    about: 'Shows how many lite topics and subscriptions brokers have.',
    options: [
      optional('b', 'brokerAddr', 'address of a broker'),
      optional('c', 'cluster', 'the cluster: all of its masters'),
      flag('d', 'showDetail', 'with the topics that have lite topics, and their groups'),
    ],
    async run(context) {
      // Brokers of a cluster are shown by their addresses, like one that is named.
      const brokers = (await context.targets()).map(({ address }) => ({ name: address, address }))
      const titles = ['#Broker', '#Store Type', '#Max LMQ', '#Current LMQ', '#SubscriptionCount', '#OrderInfoCount']
      await context.print(formatted(brokerColumns, ...titles, '#CQTableSize', '#OffsetTableSize', '#eventMapSize'))
      await showEach(context, brokers, async (broker) => {
        const told = await tellsOf(context, broker, commands.getBrokerLiteInfo, {}, brokerLiteInfoBody)
        const counts = [told.maxLmqNum, told.currentLmqNum, told.liteSubscriptionCount, told.orderInfoCount]
        const sizes = [told.cqTableSize, told.offsetTableSize, told.eventMapSize]
        await context.print(formatted(brokerColumns, broker.address, told.storeType ?? 'null', ...counts, ...sizes))
        if (!context.has('showDetail')) return
        const groups = [...told.groupMeta].map(([name, names]): [string, string[]] => [name, hashed(names)])
        await context.line(`Topic Meta: ${compactJson(told.topicMeta)}`)
        await context.print(`Group Meta: ${compactJson(groups)}\n\n`)
      })
    },
  },
  {
    name: 'getParentTopicInfo',
    about: 'Shows how many lite topics a topic has, and which groups consume them.',
    options: [parent],
    async run(context) {
      const name = context.need('parentTopic')
      const brokers = await brokersOf(context, name)
      await context.line(`Parent Topic Info: [${name}]`)
      await context.print(formatted(parentColumns, '#Broker Name', '#TTL', '#Lite Count', '#LMQ NUM', '#GROUPS'))
      await showEach(context, brokers, async (broker) => {
        const told = await tellsOf(context, broker, commands.getParentTopicInfo, { topic: name }, parentTopicInfoBody)
        const groups = told.groups === undefined ? 'null' : javaSet(told.groups)
        await context.print(
          formatted(parentColumns, shortName(broker), told.ttl, told.liteTopicCount, told.lmqNum, groups),
        )
      })
    },
  },
  {
    name: 'getLiteTopicInfo',
    about: 'Shows what brokers have of a lite topic, and who subscribes to it.',
    options: [
      parent,
      required('l', 'liteTopic', 'name of the lite topic'),
      flag('s', 'showClientId', 'with its subscribers'),
    ],
    async run(context) {
      const [parentTopic, liteTopic] = [context.need('parentTopic'), context.need('liteTopic')]
      const brokers = await brokersOf(context, parentTopic)
      await context.line(`Lite Topic Info: [${parentTopic}] [${liteTopic}] [${liteQueueOf(parentTopic, liteTopic)}]`)
      const titles = ['#Broker Name', '#MinOffset', '#MaxOffset', '#LastUpdate', '#Sharding', '#SubClientCount']
      await context.print(formatted(topicColumns, ...titles))
      await showEach(context, brokers, async (broker) => {
        const header = { parentTopic, liteTopic }
        const told = await tellsOf(context, broker, commands.getLiteTopicInfo, header, liteTopicInfoBody)
        const { minOffset = 0, maxOffset = 0, lastUpdateTimestamp = 0 } = told.topicOffset ?? {}
        const { subscriber, shardingToBroker } = told
        const values = [minOffset, maxOffset, timeOr(lastUpdateTimestamp, '-'), shardingToBroker, subscriber.length]
        await context.print(formatted(topicColumns, shortName(broker), ...values))
        if (!context.has('showClientId')) return
        await context.line(`[${subscriber.map(({ clientId, group: of }) => `${clientId}@${of}`).join(', ')}]`)
      })
    },
  },
  {
    name: 'getLiteClientInfo',
    about: 'Shows which lite topics a client subscribes to, and when it asked for messages.',
    options: [
      parent,
      group,
      required('c', 'clientId', 'id of the client'),
      flag('s', 'showDetail', 'with the lite topics'),
    ],
    async run(context) {
      const [parentTopic, name, clientId] = [
        context.need('parentTopic'),
        context.need('group'),
        context.need('clientId'),
      ]
      const brokers = await brokersOf(context, parentTopic)
      await context.line(`Lite Client Info: [${parentTopic}] [${name}] [${clientId}]`)
      await context.print(formatted(clientColumns, '#Broker', '#LiteTopicCount', '#LastAccessTime', '#LastConsumeTime'))
      await showEach(context, brokers, async (broker) => {
        const header = { parentTopic, group: name, clientId, maxCount: clientTopicsMax }
        const told = await tellsOf(context, broker, commands.getLiteClientInfo, header, liteClientInfoBody)
        const count = told.liteTopicCount > 0 ? told.liteTopicCount : 'N/A'
        const times = [told.lastAccessTime, told.lastConsumeTime].map((time) => timeOr(time, 'N/A'))
        await context.print(formatted(clientColumns, broker.name, count, ...times))
        if (!context.has('showDetail') || told.liteTopicSet === undefined) return
        await context.print(`Lite Topics: ${javaSet(told.liteTopicSet)}\n\n`)
      })
    },
  },
  {
    name: 'getLiteGroupInfo',
    about: 'Shows how far a group is behind in lite topics, and in which of them most.',
    options: [
      parent,
      group,
      optional('l', 'liteTopic', 'only in this lite topic'),
      optional('k', 'topK', 'lite topics of each broker that are shown, 20 without it'),
    ],
    run: showLiteGroup,
  },
  {
    name: 'triggerLiteDispatch',
    about: 'Lets brokers tell members of a group at once of all messages that wait for them.',
    options: [
      parent,
      group,
      optional('c', 'clientId', 'only this member'),
      optional('b', 'brokerName', 'only this broker'),
    ],
    async run(context) {
      const [parentTopic, name, only] = [
        context.need('parentTopic'),
        context.need('group'),
        context.value('brokerName'),
      ]
      const all = await brokersOf(context, parentTopic)
      const brokers = all.filter((broker) => only === undefined || broker.name === only)
      await context.print(`Group And Topic Info: [${name}] [${parentTopic}]\n\n`)
      if (brokers.length === 0) throw new CommandError(`the route of ${parentTopic} has no broker ${only}`)
      const header = { group: name, clientId: context.value('clientId') }
      await atEachBroker(
        brokers,
        async (broker) => {
          await context.ask(broker, commands.triggerLiteDispatch, header)
          await context.print(formatted(dispatchColumns, broker.name, 'dispatched'))
        },
        (broker) => context.print(formatted(dispatchColumns, broker.name, 'error')),
      )
    },
  },
]

async function showLiteGroup(context: ToolContext): Promise<void> {
  const [parentTopic, name, liteTopic] = [
    context.need('parentTopic'),
    context.need('group'),
    context.value('liteTopic'),
  ]
  const header = { group: name, liteTopic, topK: context.number('topK', 20) }
  const brokers = await brokersOf(context, parentTopic)
  await context.line(`Lite Group Info: [${name}] [${parentTopic}]`)
  if (liteTopic !== undefined) {
    const titles = ['#Broker Name', '#BrokerOffset', '#ConsumeOffset', '#LagCount', '#LastUpdate']
    await context.print(formatted(progressColumns, ...titles))
  }
  const [byCount, byTime]: [LiteLag[], LiteLag[]] = [[], []]
  let lag = 0
  let oldestMs = context.session.host.now()
  const end = async (): Promise<void> => {
    const ageSeconds = Math.trunc((context.session.host.now() - oldestMs) / 1000)
    await context.line(`Total Lag Count: ${lag}`)
    await context.print(`Min Unconsumed Timestamp: ${oldestMs} (${ageSeconds} s ago)\n\n`)
    if (liteTopic !== undefined) return
    await context.line('------TopK by lag count-----')
    await printLags(
      context,
      byCount.toSorted((one, other) => other.lagCount - one.lagCount),
    )
    await context.print('\n------TopK by lag time------\n')
    const time = ({ earliestUnconsumedTimestamp }: LiteLag): number => earliestUnconsumedTimestamp
    await printLags(
      context,
      byTime.toSorted((one, other) => time(one) - time(other)),
    )
  }
  const tell = showEach(context, brokers, async (broker) => {
    const told = await tellsOf(context, broker, commands.getLiteGroupInfo, header, liteGroupInfoBody)
    lag += Math.max(0, told.totalLagCount)
    const { earliestUnconsumedTimestamp: oldest, liteTopicOffsetWrapper: progress } = told
    if (oldest > 0) oldestMs = Math.min(oldestMs, oldest)
    byCount.push(...(told.lagCountTopK ?? []))
    byTime.push(...(told.lagTimestampTopK ?? []))
    if (liteTopic === undefined) return
    const { brokerOffset = 0, consumerOffset = 0, lastTimestamp = 0 } = progress ?? {}
    const values = [brokerOffset, consumerOffset, brokerOffset - consumerOffset, timeOr(lastTimestamp, '-')]
    const shown = progress === undefined ? ['-', '-', '-', '-'] : values
    await context.print(formatted(progressColumns, broker.name, ...shown))
  })
  // What the other brokers tell is shown although some do not answer.
  await tell.then(end, async (error: Error) => {
    await end()
    throw error
  })
}

async function printLags(context: ToolContext, lags: readonly LiteLag[]): Promise<void> {
  await context.print(formatted(lagColumns, 'NO', 'Lite Topic', 'Lag Count', 'UnconsumedTimestamp'))
  for (const [index, { liteTopic, lagCount, earliestUnconsumedTimestamp }] of lags.entries()) {
    const oldest = timeOr(earliestUnconsumedTimestamp, '-')
    await context.print(formatted(lagColumns, index + 1, liteTopic ?? 'null', lagCount, oldest))
  }
}

function showEach(
  context: ToolContext,
  brokers: readonly Master[],
  show: (broker: Master) => Promise<void>,
): Promise<void> {
  return atEachBroker(brokers, show, ({ name }) => context.line(`[${name}] error.`))
}

/** What a broker says in the body of its answer. @throws RocketMQError unless the answer is SUCCESS */
async function tellsOf<C extends AnyCommand, Told>(
  context: ToolContext,
  broker: Master,
  command: C,
  header: RequestOf<C>,
  body: Body<Told>,
): Promise<Told> {
  const answer: CallAnswer<C> = await context.ask(broker, command, header)
  return answer.read(body.decode)
}

/** The brokers of a topic, in the order of its route: of each one that answers, a master if there is one. */
async function brokersOf(context: ToolContext, topicName: string): Promise<Master[]> {
  const { brokerDatas } = await routeOf(context, topicName)
  return brokerDatas.flatMap(({ brokerName: name, brokerAddrs }) => {
    const address = brokerAddrs.get(0) ?? brokerAddrs.values().next().value
    return address === undefined ? [] : [{ name, address }]
  })
}

function shortName({ name }: Master): string {
  return name.slice(0, nameCharacters)
}

function timeOr(timestampMs: number, otherwise: string): string {
  return timestampMs > 0 ? localTime(timestampMs) : otherwise
}

function hashed(texts: readonly string[]): string[] {
  return hashOrder(texts.map((text): [string, string] => [text, text])).map(([text]) => text)
}

/** `[a, b]` */
function javaSet(texts: readonly string[]): string {
  return `[${hashed(texts).join(', ')}]`
}

/** An object on one line, its names in the order of a hash table of Java. */
function compactJson(entries: Iterable<readonly [key: string, value: number | readonly string[]]>): string {
  return `{${hashOrder(entries)
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    .join(',')}}`
}
