import type { Master } from '@rocketmq-ts/client/raw'
import {
  commands,
  keyValueTableBody,
  protocolVersion,
  type SubscriptionGroupConfig,
  subscriptionGroupConfigBody,
  subscriptionGroupTableBody,
  type TopicConfig,
  topicConfigAndMappingTableBody,
  topicConfigBody,
  topicListBody,
} from '@rocketmq-ts/protocol'
import { topicKind } from '../commands/system-names.ts'
import { noneUnlessAborted } from '../describe-failure.ts'
import { UsageError } from '../usage-error.ts'
import { connectionsOf } from './client-tools.ts'
import { type PrettyObject, prettyJson, versionName } from './java-text.ts'
import { daySum, statsAt } from './stats-tools.ts'
import { flag, optional, propertiesTold, required, type Tool, type ToolContext, target } from './tool.ts'
import { hiddenPrefixes } from './topic-tools.ts'

const usualFolder = '/tmp/rocketmq/export'
const cluster = required('c', 'clusterName', 'the cluster')
const folder = optional('f', 'filePath', `the folder, ${usualFolder} without it`)

const exportedSettings = [
  ...['brokerClusterName', 'brokerId', 'brokerName', 'brokerRole', 'fileReservedTime', 'filterServerNums'],
  ...['flushDiskType', 'maxMessageSize', 'messageDelayLevel', 'msgTraceTopicName', 'slaveReadEnable', 'traceOn'],
  ...['traceTopicEnable', 'useTLS', 'autoCreateTopicEnable', 'autoCreateSubscriptionGroup'],
]

/** Groups that every broker has. */
const predefinedGroups: ReadonlySet<string> = new Set([
  ...['DEFAULT_CONSUMER', 'DEFAULT_PRODUCER', 'TOOLS_CONSUMER', 'SCHEDULE_CONSUMER', 'FILTERSRV_CONSUMER'],
  ...['__MONITOR_CONSUMER', 'CLIENT_INNER_PRODUCER', 'SELF_TEST_P_GROUP', 'SELF_TEST_C_GROUP'],
  ...['CID_ONS-HTTP-PROXY', 'CID_ONSAPI_PERMISSION', 'CID_ONSAPI_OWNER', 'CID_ONSAPI_PULL', 'CID_SYS_RMQ_TRANS'],
])

/** Tools that write what a cluster is to a file. */
export const exportTools: readonly Tool[] = [
  {
    name: 'exportMetadata',
    about: 'Writes topics and groups to a file.',
    options: [
      ...target,
      folder,
      flag('t', 'topic', 'topics alone'),
      flag('g', 'subscriptionGroup', 'groups alone'),
      flag('s', 'specialTopic', 'also topics of retries and of dead letters'),
    ],
    async run(context) {
      const isTopics = context.has('topic')
      const isGroups = !isTopics && context.has('subscriptionGroup')
      const isOne = context.value('brokerAddr') !== undefined
      if (isOne && !isTopics && !isGroups) throw new UsageError('exportMetadata: with -b give -t or -g')
      const topics = new Map<string, TopicConfig>()
      const groups = new Map<string, SubscriptionGroupConfig>()
      for (const broker of await context.targets()) {
        for (const config of isGroups ? [] : await userTopics(context, broker)) addTopic(topics, config)
        for (const config of isTopics ? [] : await userGroups(context, broker)) addGroup(groups, config)
      }
      const content = {
        ...(isGroups ? {} : { topicConfigTable: plain(topics, (config) => topicConfigBody.encode(config)) }),
        ...(isTopics
          ? {}
          : { subscriptionGroupTable: plain(groups, (config) => subscriptionGroupConfigBody.encode(config)) }),
        ...(isOne ? {} : { exportTime: context.session.host.now() }),
      }
      const name = isTopics ? 'topic' : isGroups ? 'subscriptionGroup' : 'metadata'
      const path = await written(context, name, content)
      await context.print(`export ${path} success${isOne ? '' : '\n'}`)
    },
  },
  {
    name: 'exportConfigs',
    about: 'Writes the size of a cluster, and settings of its brokers, to a file.',
    options: [cluster, folder],
    async run(context) {
      const { brokerAddrTable } = await context.clusterInfo()
      const masters = await context.mastersOf(context.need('clusterName'))
      const brokerConfigs: Record<string, PrettyObject> = {}
      let slaveBrokerSize = 0
      for (const broker of masters) {
        const { read } = await context.ask(broker, commands.getBrokerConfig, {})
        const settings = read(propertiesTold)
        slaveBrokerSize += (brokerAddrTable.get(broker.name)?.brokerAddrs.size ?? 1) - 1
        brokerConfigs[settings.get('brokerName') ?? broker.name] = Object.fromEntries(
          exportedSettings.flatMap((key) => (settings.has(key) ? [[key, settings.get(key)!]] : [])),
        )
      }
      const namesrvSize = context.client.nameServers.addresses.length
      const clusterScale = { namesrvSize, masterBrokerSize: masters.length, slaveBrokerSize }
      await context.print(`export ${await written(context, 'configs', { brokerConfigs, clusterScale })} success`)
    },
  },
  {
    name: 'exportMetrics',
    about: 'Writes rates, numbers of messages and versions of a cluster to a file.',
    options: [cluster, folder],
    async run(context) {
      const report: Record<string, PrettyObject> = {}
      const rates = new Totals(['totalNormalInTps', 'totalNormalOutTps', 'totalTransInTps', 'totalScheduleInTps'])
      const days = new Totals(['normalOneDayInNum', 'normalOneDayOutNum', 'transOneDayInNum', 'scheduleOneDayInNum'])
      for (const broker of await context.mastersOf(context.need('clusterName'))) {
        report[broker.name] = await metricsOf(context, broker, rates, days)
      }
      const totalData = { totalTps: rates.sums, totalOneDayNum: days.sums }
      await context.print(`export ${await written(context, 'metrics', { evaluateReport: report, totalData })} success`)
    },
  },
]

/** Sums of all brokers. */
class Totals {
  readonly sums: Record<string, number> = {}
  readonly #names: readonly string[]

  constructor(names: readonly string[]) {
    this.#names = names
    for (const name of names) this.sums[name] = 0
  }

  /** @param numbers in the order of the names */
  add(numbers: readonly number[]): void {
    for (const [index, name] of this.#names.entries()) this.sums[name]! += numbers[index]!
  }
}

async function metricsOf(context: ToolContext, broker: Master, rates: Totals, days: Totals): Promise<PrettyObject> {
  const { table } = (await context.ask(broker, commands.getBrokerRuntimeInfo, {})).read(keyValueTableBody.decode)
  const settings = (await context.ask(broker, commands.getBrokerConfig, {})).read(propertiesTold)
  const groups = await userGroups(context, broker)
  const topics = await userTopics(context, broker)
  const of = (key: string): number => Number(table.get(key) ?? 0)
  const firstOf = (key: string): number => Number(table.get(key)?.trim().split(' ')[0] || 0)
  // A broker that has counted nothing refuses.
  const put = (topicName: string) => statsAt(context, broker, 'TOPIC_PUT_NUMS', topicName).catch(noneUnlessAborted)
  const [halves, delayed] = [await put('RMQ_SYS_TRANS_HALF_TOPIC'), await put('SCHEDULE_TOPIC_XXXX')]
  const seconds = [
    firstOf('putTps'),
    firstOf('getTransferredTps'),
    halves?.statsMinute?.tps ?? 0,
    delayed?.statsMinute?.tps ?? 0,
  ]
  const numbers = [
    of('msgPutTotalTodayMorning') - of('msgPutTotalYesterdayMorning'),
    of('msgGetTotalTodayMorning') - of('msgGetTotalYesterdayMorning'),
    halves === undefined ? 0 : daySum(halves),
    delayed === undefined ? 0 : daySum(delayed),
  ]
  rates.add(seconds)
  days.add(numbers)
  return {
    runtimeEnv: {
      cpuNum: settings.get('clientCallbackExecutorThreads'),
      totalMemKBytes: table.get('totalMemKBytes'),
    },
    runtimeQuota: {
      diskRatio: {
        commitLogDiskRatio: table.get('commitLogDiskRatio'),
        consumeQueueDiskRatio: table.get('consumeQueueDiskRatio'),
      },
      tps: named(['normalInTps', 'normalOutTps', 'transInTps', 'scheduleInTps'], seconds),
      oneDayNum: named(Object.keys(days.sums), numbers),
      messageAverageSize: table.get('putMessageAverageSize'),
      topicSize: topics.length,
      groupSize: groups.length,
    },
    runtimeVersion: {
      rocketmqVersion: versionName(protocolVersion),
      clientInfo: await clientsOf(context, groups),
    },
  }
}

function named(names: readonly string[], numbers: readonly number[]): Record<string, number> {
  return Object.fromEntries(names.map((name, index) => [name, numbers[index]!]))
}

/** Languages and versions of members. */
async function clientsOf(context: ToolContext, groups: readonly SubscriptionGroupConfig[]): Promise<string[]> {
  const kinds = new Set<string>()
  for (const { groupName } of groups) {
    // A group without members is none that anybody asks for.
    const connections = await connectionsOf(context, groupName).catch(noneUnlessAborted)
    for (const { language, version } of connections?.connectionSet ?? []) {
      kinds.add(`${language}%${versionName(version)}`)
    }
  }
  return [...kinds]
}

async function userTopics(context: ToolContext, broker: Master): Promise<TopicConfig[]> {
  const { read } = await context.ask(broker, commands.getAllTopicConfig, {})
  const system = await context.ask(broker, commands.getSystemTopicListFromBroker, {})
  const ofBroker = new Set(system.read(topicListBody.decode).topicList)
  const isSpecial = context.has('specialTopic')
  return [...read(topicConfigAndMappingTableBody.decode).topicConfigTable.values()].filter(({ topicName: name }) => {
    if (hiddenPrefixes.some((prefix) => name.startsWith(prefix))) return isSpecial
    return !ofBroker.has(name) && topicKind(name, new Set()) !== 'system'
  })
}

async function userGroups(context: ToolContext, broker: Master): Promise<SubscriptionGroupConfig[]> {
  const { read } = await context.ask(broker, commands.getAllSubscriptiongroupConfig, {})
  return [...read(subscriptionGroupTableBody.decode).subscriptionGroupTable.values()].filter(
    ({ groupName }) => !groupName.startsWith('CID_RMQ_SYS_') && !predefinedGroups.has(groupName),
  )
}

/** Queues of several brokers are added up. */
function addTopic(topics: Map<string, TopicConfig>, config: TopicConfig): void {
  const before = topics.get(config.topicName)
  topics.set(config.topicName, {
    ...config,
    readQueueNums: config.readQueueNums + (before?.readQueueNums ?? 0),
    writeQueueNums: config.writeQueueNums + (before?.writeQueueNums ?? 0),
  })
}

function addGroup(groups: Map<string, SubscriptionGroupConfig>, config: SubscriptionGroupConfig): void {
  const before = groups.get(config.groupName)
  groups.set(config.groupName, { ...config, retryQueueNums: config.retryQueueNums + (before?.retryQueueNums ?? 0) })
}

function plain<Value>(table: ReadonlyMap<string, Value>, encode: (value: Value) => Buffer): PrettyObject {
  return Object.fromEntries([...table].map(([name, value]) => [name, JSON.parse(encode(value).toString('utf8'))]))
}

/** @returns the path */
async function written(context: ToolContext, name: string, content: PrettyObject): Promise<string> {
  const path = `${context.value('filePath') ?? usualFolder}/${name}.json`
  await context.session.host.replacePrivateFile(path, prettyJson(content))
  return path
}
