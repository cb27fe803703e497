import type { RocketMQError } from '@rocketmq-ts/client'
import type { Master } from '@rocketmq-ts/client/raw'
import {
  commands,
  defaultTopic,
  groupListBody,
  isLightQueue,
  liteTopicOf,
  type TopicConfig,
  type TopicRoute,
  type TopicStats,
  topicConfigBody,
  topicRouteBody,
  topicStatsBody,
} from '@rocketmq-ts/protocol'
import { CommandError, UsageError } from '../usage-error.ts'
import { double, formatted, hashOrder, javaMap, localTime, permissionText, prettyJson } from './java-text.ts'
import { logicalStats, mappedQueues } from './static-topic-views.ts'
import { flag, optional, required, type Tool, type ToolContext, target, topic } from './tool.ts'

const listColumns = '%-20s  %-48s  %-48s\n'
const listRow = '%-20s  %-64s  %-64s\n'
const routeColumns = '%-45s %-32s %-50s %-10s %-11s %-5s\n'
const statusColumns = '%-32s  %-4s  %-20s  %-20s    %s\n'

/** Topics of groups: of messages that are delivered again, and of dead letters. */
export const hiddenPrefixes = ['%RETRY%', '%DLQ%']
const orderNamespace = 'ORDER_TOPIC_CONFIG'
/** Read, write, and inherited by topics that are made like this one. */
const permissionMax = 7

export const topicTools: readonly Tool[] = [
  {
    name: 'updateTopic',
    about: 'Makes a topic, or changes it.',
    options: [
      ...target,
      topic,
      optional('r', 'readQueueNums', 'queues that give messages, 8 without it'),
      optional('w', 'writeQueueNums', 'queues that take messages, 8 without it'),
      optional('p', 'perm', '2 to write, 4 to read, 6 for both'),
      optional('o', 'order', 'true: its queues stay in the route when their broker is down'),
      optional('u', 'unit', 'true: a topic of a unit'),
      optional('s', 'hasUnitSub', 'true: it has subscriptions of units'),
      optional('a', 'attributes', 'attributes: +a=b,-c'),
    ],
    async run(context) {
      const name = context.need('topic')
      const isOrder = context.value('order') === 'true'
      const header = {
        topic: name,
        defaultTopic,
        readQueueNums: context.number('readQueueNums', 8),
        writeQueueNums: context.number('writeQueueNums', 8),
        perm: permissionOf(context),
        topicFilterType: 'SINGLE_TAG',
        topicSysFlag: (context.value('unit') === 'true' ? 1 : 0) | (context.value('hasUnitSub') === 'true' ? 2 : 0),
        order: isOrder,
        attributes: context.value('attributes') ?? '',
        force: false,
      }
      const brokers = await context.targets()
      for (const broker of brokers) {
        await context.ask(broker, commands.updateAndCreateTopic, header)
        await context.line(`create topic to ${broker.address} success.`)
      }
      if (isOrder) {
        const names =
          context.value('brokerAddr') === undefined
            ? brokers.map((broker) => broker.name)
            : await brokerNames(context, brokers[0]!.address)
        const value = names.map((broker) => `${broker}:${header.writeQueueNums}`).join(';')
        await putOrder(
          context,
          name,
          context.value('brokerAddr') === undefined ? value : await mergedOrder(context, name, value),
        )
        const kind = context.value('brokerAddr') === undefined ? 'cluster' : 'broker'
        await context.line(`set ${kind} orderConf. isOrder=${isOrder}, orderConf=[${value}]`)
      }
      const attributes = new Map(
        header.attributes
          .split(',')
          .filter((part) => part !== '')
          .map((part): [string, string] => {
            const [key = '', value = ''] = part.split('=')
            return [key, value]
          }),
      )
      await context.line(topicConfigText({ ...header, topicName: name, topicFilterType: 'SINGLE_TAG', attributes }))
    },
  },
  {
    name: 'updateTopicPerm',
    about: 'Changes what may be done in a topic.',
    options: [...target, topic, required('p', 'perm', '2 to write, 4 to read, 6 for both')],
    async run(context) {
      const name = context.need('topic')
      const perm = permissionOf(context)
      const isCluster = context.value('brokerAddr') === undefined
      const route = await routeOf(context, name)
      for (const broker of await context.targets()) {
        const { read } = await context.ask(broker, commands.getTopicConfig, { topic: name })
        const config = read(topicConfigBody.decode)
        const listed = route.queueDatas.find(({ brokerName }) => brokerName === broker.name)
        const before = listed?.perm ?? config.perm
        if (!isCluster && before === perm) {
          await context.line('new perm equals to the old one!')
          continue
        }
        const { attributes: _, topicName, ...rest } = { ...config, perm }
        await context.ask(broker, commands.updateAndCreateTopic, {
          ...rest,
          topic: topicName,
          defaultTopic,
          attributes: '',
          force: false,
        })
        await context.line(`update topic perm from ${before} to ${perm} in ${broker.address} success.`)
        if (!isCluster) await context.line(`${topicConfigText({ ...config, perm })}.`)
      }
    },
  },
  {
    name: 'deleteTopic',
    about: 'Deletes a topic with its messages.',
    options: [topic, required('c', 'clusterName', 'the cluster')],
    async run(context) {
      const [name, cluster] = [context.need('topic'), context.need('clusterName')]
      for (const broker of await context.mastersOf(cluster)) {
        await context.ask(broker, commands.deleteTopicInBroker, { topic: name })
      }
      await context.line(`delete topic [${name}] from cluster [${cluster}] success.`)
      const header = { topic: name, clusterName: cluster }
      for (const { error } of await context.client.nameServers.askEach(
        commands.deleteTopicInNamesrv,
        header,
        context.deadline,
      )) {
        if (error !== undefined) throw error
      }
      await context.line(`delete topic [${name}] from NameServer success.`)
    },
  },
  {
    name: 'topicList',
    about: 'Shows the names of topics.',
    options: [flag('c', 'clusterModel', 'with their clusters and groups')],
    async run(context) {
      const topicList = await context.topics()
      if (!context.has('clusterModel')) {
        for (const name of topicList) await context.line(name)
        return
      }
      const { brokerAddrTable } = await context.clusterInfo()
      await context.print(formatted(listColumns, '#Cluster Name', '#Topic', '#Consumer Group'))
      for (const name of topicList) {
        if (hiddenPrefixes.some((prefix) => name.startsWith(prefix))) continue
        const route = await routeOf(context, name)
        const [broker] = route.brokerDatas
        const cluster = brokerAddrTable.get(broker?.brokerName ?? '')?.cluster ?? ''
        const groups = await groupsOf(context, route, name)
        for (const group of groups.length === 0 ? [''] : groups)
          await context.print(formatted(listRow, cluster, name, group))
      }
    },
  },
  {
    name: 'topicRoute',
    about: 'Shows where the queues of a topic are.',
    options: [topic, flag('l', 'list', 'as a table')],
    async run(context) {
      const route = await routeOf(context, context.need('topic'))
      await context.print(context.has('list') ? routeTable(route) : `${routeJson(route)}\n`)
    },
  },
  {
    name: 'topicStatus',
    about: 'Shows what the queues of a topic hold.',
    options: [topic, optional('c', 'cluster', 'only in this cluster')],
    async run(context) {
      const name = context.need('topic')
      const route = await routeOf(context, name)
      const rows: { broker: string; queueId: number; min: number; max: number; last: number }[] = []
      let rate = 0
      const ofBrokers: TopicStats['offsetTable'] = []
      for (const { brokerName, brokerAddrs } of brokersInCluster(context, route, name)) {
        const address = brokerAddrs.get(0)
        if (address === undefined) continue
        const { read } = await context.ask({ name: brokerName, address }, commands.getTopicStatsInfo, { topic: name })
        const { offsetTable, topicPutTps } = read(topicStatsBody.decode)
        rate += topicPutTps
        ofBrokers.push(...offsetTable)
      }
      const logical = logicalStats(await mappedQueues(context, route, name), {
        offsetTable: ofBrokers,
        topicPutTps: rate,
      })
      for (const [queue, { minOffset, maxOffset, lastUpdateTimestamp }] of [...ofBrokers, ...logical]) {
        rows.push({
          broker: queue.brokerName,
          queueId: queue.queueId,
          min: minOffset,
          max: maxOffset,
          last: lastUpdateTimestamp,
        })
      }
      rows.sort((one, other) =>
        one.broker === other.broker ? one.queueId - other.queueId : one.broker < other.broker ? -1 : 1,
      )
      await context.print(
        formatted(statusColumns, '#Broker Name', '#QID', '#Min Offset', '#Max Offset', '#Last Updated'),
      )
      for (const { broker, queueId, min, max, last } of rows) {
        await context.print(formatted(statusColumns, broker, queueId, min, max, last > 0 ? localTime(last) : ''))
      }
      await context.print(`\nTopic Put TPS: ${double(rate)}\n`)
    },
  },
  {
    name: 'topicClusterList',
    about: 'Shows the clusters that have a topic.',
    options: [topic],
    async run(context) {
      const { brokerDatas } = await routeOf(context, context.need('topic'))
      for (const cluster of new Set(brokerDatas.map((broker) => broker.cluster ?? ''))) await context.line(cluster)
    },
  },
  {
    name: 'updateOrderConf',
    about: 'Shows, sets or deletes which queues an ordered topic has.',
    options: [
      topic,
      required('m', 'method', 'get, put or delete'),
      optional('v', 'orderConf', 'such as broker-a:4;broker-b:4'),
    ],
    async run(context) {
      const [name, method] = [context.need('topic'), context.need('method')]
      if (!['get', 'put', 'delete'].includes(method))
        throw new UsageError(`method is ${method}: give get, put or delete`)
      if (method === 'get') {
        const command = commands.getKvConfig
        const order = await context.client.nameServers.read(
          command,
          { namespace: orderNamespace, key: name },
          context.deadline,
          ({ extFields }) => command.responseCodec.decode(extFields).value ?? '',
        )
        await context.line(`get orderConf success. topic=[${name}], orderConf=[${order}] `)
      } else if (method === 'put') {
        const value = context.value('orderConf')
        if (value === undefined) throw new CommandError('please set orderConf with option -v')
        await putOrder(context, name, value)
        await context.line(`update orderConf success. topic=[${name}], orderConf=[${value}]`)
      } else {
        const header = { namespace: orderNamespace, key: name }
        for (const { error } of await context.client.nameServers.askEach(
          commands.deleteKvConfig,
          header,
          context.deadline,
        )) {
          if (error !== undefined) throw error
        }
        await context.line(`delete orderConf success. topic=[${name}]`)
      }
    },
  },
]

async function putOrder(context: ToolContext, key: string, value: string): Promise<void> {
  const header = { namespace: orderNamespace, key, value }
  for (const { error } of await context.client.nameServers.askEach(commands.putKvConfig, header, context.deadline)) {
    if (error !== undefined) throw error
  }
}

/** What the other brokers of an ordered topic have stays, and one broker gets what is given. */
async function mergedOrder(context: ToolContext, key: string, value: string): Promise<string> {
  const command = commands.getKvConfig
  const header = { namespace: orderNamespace, key }
  const before = await context.client.nameServers
    .read(command, header, context.deadline, ({ extFields }) => command.responseCodec.decode(extFields).value ?? '')
    .catch((error: RocketMQError) => {
      if (error.code === 'QUERY_NOT_FOUND') return ''
      throw error
    })
  const brokerOf = (part: string): string => part.split(':')[0]!
  const others = before.split(';').filter((part) => part !== '' && brokerOf(part) !== brokerOf(value))
  return [...others, value].join(';')
}

/** @throws CommandError for bits that mean nothing */
function permissionOf(context: ToolContext): number {
  const perm = context.number('perm', 6)
  if (perm >= 0 && perm <= permissionMax) return perm
  throw new CommandError(
    `CODE: 16  DESC: topicPermission value: ${perm} is invalid: give 2 to write, 4 to read, 6 for both`,
  )
}

async function brokerNames(context: ToolContext, address: string): Promise<string[]> {
  const { brokerAddrTable } = await context.clusterInfo()
  return [...brokerAddrTable.values()]
    .filter(({ brokerAddrs }) => [...brokerAddrs.values()].includes(address))
    .map(({ brokerName }) => brokerName)
}

/** A light queue is in no route: that of the topic whose lite topic it is, or of one that an option names, leads to it. */
export function routeOf(context: ToolContext, name: string): Promise<TopicRoute> {
  const topicName = isLightQueue(name) ? (lightParentOf(context) ?? liteTopicOf(name)?.parentTopic ?? name) : name
  const header = { topic: topicName, acceptStandardJsonOnly: true }
  return context.askNameServer(commands.getRouteinfoByTopic, header, topicRouteBody)
}

/** The topic that leads to a light queue, as it was typed: with -c where -l is no option. */
function lightParentOf(context: ToolContext): string | undefined {
  return context.value('lmqParentTopic') ?? context.value('routeTopic') ?? context.value('cluster')
}

/** The brokers of a route that are in the cluster of -c, or all without it. @throws CommandError when there are none there */
export function brokersInCluster(
  context: ToolContext,
  { brokerDatas }: TopicRoute,
  name: string,
): TopicRoute['brokerDatas'] {
  const only = isLightQueue(name) ? undefined : context.value('cluster')
  const chosen = brokerDatas.filter(({ cluster }) => only === undefined || cluster === only)
  if (chosen.length > 0 || only === undefined) return chosen
  throw new CommandError(`no broker of the cluster ${only} has the topic ${name}`)
}

/** The masters among the brokers of a route. */
export function mastersOf(
  brokers: readonly { readonly brokerName: string; readonly brokerAddrs: ReadonlyMap<number, string> }[],
): Master[] {
  return brokers.flatMap(({ brokerName: name, brokerAddrs }) => {
    const address = brokerAddrs.get(0)
    return address === undefined ? [] : [{ name, address }]
  })
}

/** Groups that have consumed a topic, as the broker of its route says. */
export async function groupsOf(context: ToolContext, route: TopicRoute, name: string): Promise<string[]> {
  for (const { brokerName, brokerAddrs } of route.brokerDatas) {
    const address = brokerAddrs.get(0) ?? brokerAddrs.values().next().value
    if (address === undefined) continue
    const { read } = await context.ask({ name: brokerName, address }, commands.queryTopicConsumeByWho, { topic: name })
    const { groupList } = read(groupListBody.decode)
    return hashOrder(groupList.map((group): [string, string] => [group, group])).map(([group]) => group)
  }
  return []
}

function topicConfigText(config: Omit<TopicConfig, 'topicSysFlag'> & { readonly topicSysFlag: number }): string {
  const { topicName, readQueueNums, writeQueueNums, perm, topicFilterType, topicSysFlag, order, attributes } = config
  return `TopicConfig [topicName=${topicName}, readQueueNums=${readQueueNums}, writeQueueNums=${writeQueueNums}, perm=${permissionText(perm)}, topicFilterType=${topicFilterType}, topicSysFlag=${topicSysFlag}, order=${order}, attributes=${javaMap(attributes)}]`
}

function routeJson(route: TopicRoute): string {
  const { orderTopicConf, queueDatas, brokerDatas, filterServerTable, topicQueueMappingByBroker } = route
  return prettyJson({
    brokerDatas: brokerDatas.map(({ brokerAddrs, brokerName, cluster, zoneName, enableActingMaster }) => ({
      brokerAddrs,
      brokerName,
      cluster,
      zoneName,
      enableActingMaster,
    })),
    filterServerTable: Object.fromEntries(filterServerTable),
    orderTopicConf,
    queueDatas,
    topicQueueMappingByBroker:
      topicQueueMappingByBroker === undefined || topicQueueMappingByBroker.size === 0
        ? undefined
        : Object.fromEntries(
            [...topicQueueMappingByBroker].map(
              ([broker, { bname, currIdMap, dirty, epoch, scope, topic, totalQueues }]) => [
                broker,
                { bname, currIdMap, dirty, epoch, scope, topic, totalQueues },
              ],
            ),
          ),
  })
}

function routeTable({ queueDatas, brokerDatas }: TopicRoute): string {
  const queues = new Map(queueDatas.map((queue) => [queue.brokerName, queue]))
  const sorted = brokerDatas.toSorted((one, other) => (one.brokerName < other.brokerName ? -1 : 1))
  let [reads, writes] = [0, 0]
  const rows = sorted.map(({ cluster = '', brokerName, brokerAddrs }) => {
    const { readQueueNums = 0, writeQueueNums = 0, perm = 0 } = queues.get(brokerName) ?? {}
    reads += readQueueNums
    writes += writeQueueNums
    const addresses = `{${[...brokerAddrs].map(([id, address]) => `${id}=${address}`).join(', ')}}`
    return formatted(routeColumns, cluster, brokerName, addresses, readQueueNums, writeQueueNums, perm)
  })
  return [
    formatted(routeColumns, '#ClusterName', '#BrokerName', '#BrokerAddrs', '#ReadQueue', '#WriteQueue', '#Perm'),
    ...rows,
    `${'-'.repeat(158)}\n`,
    formatted(routeColumns, 'Total:', queues.size, '', reads, writes, ''),
  ].join('')
}
