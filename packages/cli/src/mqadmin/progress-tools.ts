import type { RocketMQError } from '@rocketmq-ts/client'
import {
  type ConsumeStats,
  commands,
  consumerConnectionBody,
  consumerRunningInfoBody,
  consumeStatsBody,
  consumeStatsListBody,
  retryTopicOf,
  retryTopicPrefix,
} from '@rocketmq-ts/protocol'
import { noneUnlessAborted } from '../describe-failure.ts'
import { CommandError, UsageError } from '../usage-error.ts'
import { connectionsOf } from './client-tools.ts'
import { formatted, localSeconds, versionName } from './java-text.ts'
import { logicalProgress, mappedQueues } from './static-topic-views.ts'
import { optional, required, type Tool, type ToolContext } from './tool.ts'
import { brokersInCluster, mastersOf, routeOf } from './topic-tools.ts'

const progressColumns = '%-64s  %-32s  %-4s  %-20s  %-20s  %-20s %-20s %s\n'
const progressWithClients = '%-64s  %-32s  %-4s  %-20s  %-20s  %-20s %-20s %-20s %s\n'
/** Above the columns the last gap is missing. */
const titlesOf = (columns: string): string => columns.replace(/ %s\n$/, '%s\n')
const groupsColumns = '%-64s  %-6s  %-24s %-5s  %-14s  %-7s  %s\n'
const brokerColumns = '%-64s  %-64s  %-32s  %-4s  %-20s  %-20s  %-20s  %s\n'

export const progressTools: readonly Tool[] = [
  {
    name: 'consumerProgress',
    differs:
      'A cluster that the group is not in is refused. Of static topics, what is in flight is told as it is, and not as -1, and progress ' +
      'outlives that their queues move.',
    about: 'Shows how far groups are.',
    options: [
      optional('g', 'groupName', 'only this group, queue by queue'),
      optional('t', 'topicName', 'only in this topic'),
      optional('s', 'showClientIP', 'true: with who consumes each queue'),
      optional('c', 'cluster', 'only in this cluster'),
    ],
    async run(context) {
      const name = context.value('groupName')
      if (name === undefined) await progressOfGroups(context)
      else await progressOfGroup(context, name)
    },
  },
  {
    name: 'brokerConsumeStats',
    about: 'Shows how far all groups are on a broker.',
    options: [
      required('b', 'brokerAddr', 'address of the broker'),
      optional('t', 'timeoutMillis', 'milliseconds for the answer, 50000 without it'),
      optional('l', 'level', 'only queues that lag so many messages'),
      optional('o', 'order', 'true: only ordered topics'),
    ],
    async run(context) {
      const address = context.need('brokerAddr')
      const isOrder = context.value('order') === 'true'
      const least = context.number('level', 0)
      const timeoutMs = context.number('timeoutMillis', 50_000)
      if (timeoutMs < 1) throw new UsageError(`timeoutMillis is ${timeoutMs}: give milliseconds from 1 on`)
      const deadline = context.client.deadline({ signal: context.session.signal, timeoutMs })
      const broker = { name: address, address }
      const { read } = await context.calls.ask(broker, commands.getBrokerConsumeStats, { isOrder }, deadline)
      const { consumeStatsList, totalDiff } = read(consumeStatsListBody.decode)
      await context.print(
        formatted(
          brokerColumns,
          '#Topic',
          '#Group',
          '#Broker Name',
          '#QID',
          '#Broker Offset',
          '#Consumer Offset',
          '#Diff',
          '#LastTime',
        ),
      )
      for (const byGroup of consumeStatsList) {
        for (const [name, all] of byGroup) {
          for (const stats of all) {
            for (const row of rowsOf(stats)) {
              if (row.diff < least || row.lastTimestamp <= 0) continue
              await context.print(
                formatted(
                  brokerColumns,
                  row.topic,
                  name,
                  row.broker,
                  row.queueId,
                  row.brokerOffset,
                  row.consumerOffset,
                  row.diff,
                  localSeconds(row.lastTimestamp),
                ),
              )
            }
          }
        }
      }
      await context.print(`\nDiff Total: ${totalDiff}\n`)
    },
  },
]

function rowsOf({ offsetTable }: ConsumeStats) {
  return offsetTable
    .map(
      ([
        { topic: name, brokerName: broker, queueId },
        { brokerOffset, consumerOffset, pullOffset, lastTimestamp },
      ]) => ({
        topic: name,
        broker,
        queueId,
        brokerOffset,
        consumerOffset,
        diff: brokerOffset - consumerOffset,
        inFlight: pullOffset - consumerOffset,
        lastTimestamp,
      }),
    )
    .sort((one, other) =>
      one.topic !== other.topic
        ? one.topic < other.topic
          ? -1
          : 1
        : one.broker !== other.broker
          ? one.broker < other.broker
            ? -1
            : 1
          : one.queueId - other.queueId,
    )
}

/** The group's progress at all brokers that its retry topic is on. */
async function statsOf(context: ToolContext, name: string, topicName?: string): Promise<ConsumeStats> {
  const retryTopic = retryTopicOf(name)
  const brokers = brokersInCluster(context, await routeOf(context, retryTopic), retryTopic)
  const all: ConsumeStats = { consumeTps: 0, offsetTable: [] }
  for (const broker of mastersOf(brokers)) {
    const header = { consumerGroup: name, topic: topicName ?? '' }
    const { read } = await context.ask(broker, commands.getConsumeStats, header)
    const { consumeTps, offsetTable } = read(consumeStatsBody.decode)
    all.consumeTps += consumeTps
    all.offsetTable.push(...offsetTable)
  }
  for (const topicOfStats of new Set(all.offsetTable.map(([queue]) => queue.topic))) {
    // Brokers have progress of topics that no name server knows, or does not know yet.
    const route = await routeOf(context, topicOfStats).catch((error: RocketMQError) => {
      if (error.code === 'TOPIC_NOT_EXIST') return undefined
      throw error
    })
    const queues = route === undefined ? [] : await mappedQueues(context, route, topicOfStats)
    if (queues.length === 0) continue
    const logical = logicalProgress(topicOfStats, queues, all)
    all.offsetTable = [...all.offsetTable.filter(([queue]) => queue.topic !== topicOfStats), ...logical]
  }
  return all
}

/** Messages of a topic that a group has not done. @throws RocketMQError */
export async function lagOf(context: ToolContext, name: string, topicName: string): Promise<number> {
  return rowsOf(await statsOf(context, name, topicName)).reduce((sum, { diff }) => sum + diff, 0)
}

async function progressOfGroup(context: ToolContext, name: string): Promise<void> {
  const stats = await statsOf(context, name, context.value('topicName'))
  if (stats.offsetTable.length === 0) await checkMembers(context, name)
  const isWithClients = context.value('showClientIP') === 'true'
  const clients = isWithClients ? await queueClients(context, name) : undefined
  const titles = ['#Topic', '#Broker Name', '#QID', '#Broker Offset', '#Consumer Offset']
  const columns = isWithClients ? progressWithClients : progressColumns
  await context.print(
    formatted(
      titlesOf(columns),
      ...titles,
      ...(isWithClients ? ['#Client IP'] : []),
      '#Diff',
      '#Inflight',
      '#LastTime',
    ),
  )
  let [diffs, inFlights] = [0, 0]
  for (const row of rowsOf(stats)) {
    diffs += row.diff
    inFlights += row.inFlight
    const lastTime = row.lastTimestamp > 0 ? localSeconds(row.lastTimestamp) : 'N/A'
    const client = isWithClients ? [clients!.get(`${row.topic} ${row.broker} ${row.queueId}`) ?? 'N/A'] : []
    await context.print(
      formatted(
        columns,
        row.topic,
        row.broker,
        row.queueId,
        row.brokerOffset,
        row.consumerOffset,
        ...client,
        row.diff,
        row.inFlight,
        lastTime,
      ),
    )
  }
  await context.print(
    `\nConsume TPS: ${stats.consumeTps.toFixed(2)}\nConsume Diff Total: ${diffs}\nConsume Inflight Total: ${inFlights}\n`,
  )
}

/**
 * A group without offsets is told of only while it has members that commit some.
 * @throws CommandError when they broadcast, RocketMQError CONSUMER_NOT_ONLINE when there are none
 */
async function checkMembers(context: ToolContext, name: string): Promise<void> {
  const { messageModel } = await connectionsOf(context, name)
  if (messageModel !== 'BROADCASTING') return
  const what = 'Not found the consumer group consume stats, because return offset table is empty'
  throw new CommandError(`CODE: 213  DESC: ${what}, the consumer is under the broadcast mode`)
}

/** The address in the id of the member that has each queue. */
async function queueClients(context: ToolContext, name: string): Promise<ReadonlyMap<string, string>> {
  const clients = new Map<string, string>()
  const { brokerDatas } = await routeOf(context, retryTopicOf(name))
  for (const broker of mastersOf(brokerDatas)) {
    const { read } = await context.ask(broker, commands.getConsumerConnectionList, { consumerGroup: name })
    for (const { clientId = '' } of read(consumerConnectionBody.decode).connectionSet) {
      const answer = await context.ask(broker, commands.getConsumerRunningInfo, { consumerGroup: name, clientId })
      for (const [queue] of answer.read(consumerRunningInfoBody.decode).mqTable) {
        clients.set(`${queue.topic} ${queue.brokerName} ${queue.queueId}`, clientId.split('@')[0]!)
      }
    }
  }
  return clients
}

async function progressOfGroups(context: ToolContext): Promise<void> {
  const topicList = await context.topics()
  const rows: { name: string; count: number; diff: number; text: string }[] = []
  for (const retryTopic of topicList.filter((name) => name.startsWith(retryTopicPrefix))) {
    const name = retryTopic.slice(retryTopicPrefix.length)
    const stats = await statsOf(context, name).catch(noneUnlessAborted)
    const diff = stats === undefined ? 0 : rowsOf(stats).reduce((sum, row) => sum + row.diff, 0)
    const connections = await connectionsOf(context, name).catch(noneUnlessAborted)
    const versions = connections?.connectionSet.map(({ version }) => version) ?? []
    const isOnline = connections !== undefined && versions.length > 0
    const text = formatted(
      groupsColumns,
      name,
      versions.length,
      isOnline ? versionName(Math.min(...versions)) : 'OFFLINE',
      isOnline ? (connections.consumeType === 'CONSUME_ACTIVELY' ? 'PULL' : 'PUSH') : '',
      // Of members that pull, the official tools tell no model.
      isOnline && connections.consumeType !== 'CONSUME_ACTIVELY' ? (connections.messageModel ?? '') : '',
      Math.trunc(stats?.consumeTps ?? 0),
      diff,
    )
    rows.push({ name, count: versions.length, diff, text })
  }
  rows.sort((one, other) => other.count - one.count || other.diff - one.diff)
  await context.print(
    formatted(groupsColumns, '#Group', '#Count', '#Version', '#Type', '#Model', '#TPS', '#Diff Total'),
  )
  for (const { text } of rows) await context.print(text)
}
