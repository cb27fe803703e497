import type { RocketMQError } from '@rocketmq-ts/client'
import type { Master } from '@rocketmq-ts/client/raw'
import {
  type ConsumerConnection,
  type ConsumeStats,
  commands,
  consumerConnectionBody,
  consumerRunningInfoBody,
  consumeStatsBody,
  consumeStatsListBody,
  newSubscriptionGroupConfig,
  producerConnectionBody,
  producerTableBody,
  resetOffsetBody,
  retryTopicOf,
  retryTopicPrefix,
  type SubscriptionGroupConfig,
  subscriptionGroupConfigBody,
  subscriptionGroupTableBody,
} from '@rocketmq-ts/protocol'
import { CommandError, UsageError } from '../usage-error.ts'
import { formatted, hashOrder, javaMap, localSeconds, versionName } from './java-text.ts'
import { logicalProgress, mappedQueues } from './static-topic-views.ts'
import { optional, required, type Tool, type ToolContext, target, topic } from './tool.ts'
import { routeOf } from './topic-tools.ts'

const progressColumns = '%-64s  %-32s  %-4s  %-20s  %-20s  %-20s %-20s %s\n'
const progressWithClients = '%-64s  %-32s  %-4s  %-20s  %-20s  %-20s %-20s %-20s %s\n'
/** Above the columns the last gap is missing. */
const titlesOf = (columns: string): string => columns.replace(/ %s\n$/, '%s\n')
const groupsColumns = '%-64s  %-6s  %-24s %-5s  %-14s  %-7s  %s\n'
const brokerColumns = '%-64s  %-64s  %-32s  %-4s  %-20s  %-20s  %-20s  %s\n'
const resetColumns = '%-40s  %-40s  %-40s\n'

const group = required('g', 'consumerGroup', 'name of the group')

export const groupTools: readonly Tool[] = [
  {
    name: 'updateSubGroup',
    about: 'Makes a group, or changes it.',
    options: [
      ...target,
      required('g', 'groupName', 'name of the group'),
      optional('s', 'consumeEnable', 'false: members may not consume'),
      optional('m', 'consumeFromMinEnable', 'true: new queues are read from their beginning'),
      optional('d', 'consumeBroadcastEnable', 'true: members may broadcast'),
      optional('o', 'consumeMessageOrderly', 'true: members handle messages in order'),
      optional('q', 'retryQueueNums', 'queues of its retry topic'),
      optional('r', 'retryMaxTimes', 'deliveries after the first one'),
      optional('i', 'brokerId', 'the broker id to consume from'),
      optional('w', 'whichBrokerWhenConsumeSlowly', 'the broker id for slow consumers'),
      optional('a', 'notifyConsumerIdsChanged', 'false: members are not told of each other'),
    ],
    async run(context) {
      const truth = (long: string, fallback: boolean): boolean => {
        const text = context.value(long)
        return text === undefined ? fallback : text === 'true'
      }
      const config = newSubscriptionGroupConfig(context.need('groupName'), {
        consumeEnable: truth('consumeEnable', true),
        consumeFromMinEnable: truth('consumeFromMinEnable', false),
        consumeBroadcastEnable: truth('consumeBroadcastEnable', false),
        consumeMessageOrderly: truth('consumeMessageOrderly', false),
        retryQueueNums: context.number('retryQueueNums', 1),
        retryMaxTimes: context.number('retryMaxTimes', 16),
        brokerId: context.number('brokerId', 0),
        whichBrokerWhenConsumeSlowly: context.number('whichBrokerWhenConsumeSlowly', 1),
        notifyConsumerIdsChangedEnable: truth('notifyConsumerIdsChanged', true),
      })
      const body = subscriptionGroupConfigBody.encode(config)
      for (const broker of await context.targets()) {
        await context.ask(broker, commands.updateAndCreateSubscriptiongroup, {}, body)
        await context.line(`create subscription group to ${broker.address} success.`)
      }
      const fields = groupFields(config).map(
        ([name, value]) => `${name}=${name === 'subscriptionDataSet' && value === '' ? 'null' : value}`,
      )
      await context.print(`SubscriptionGroupConfig{${fields.join(', ')}}`)
    },
  },
  {
    name: 'deleteSubGroup',
    about: 'Deletes a group.',
    options: [
      ...target,
      required('g', 'groupName', 'name of the group'),
      optional('r', 'removeOffset', 'true: also how far it was'),
    ],
    async run(context) {
      const groupName = context.need('groupName')
      const cluster = context.value('brokerAddr') === undefined ? context.value('clusterName') : undefined
      const header = { groupName, cleanOffset: context.value('removeOffset') === 'true' }
      for (const broker of await context.targets()) {
        await context.ask(broker, commands.deleteSubscriptiongroup, header)
        const where = cluster === undefined ? '' : ` in cluster [${cluster}]`
        await context.line(`delete subscription group [${groupName}] from broker [${broker.address}]${where} success.`)
      }
      if (cluster === undefined) return
      for (const name of [retryTopicOf(groupName), `%DLQ%${groupName}`]) {
        for (const broker of await context.mastersOf(cluster))
          await context.ask(broker, commands.deleteTopicInBroker, { topic: name })
        await context.client.nameServers.askEach(
          commands.deleteTopicInNamesrv,
          { topic: name, clusterName: cluster },
          context.deadline,
        )
      }
    },
  },
  {
    name: 'getConsumerConfig',
    about: 'Shows how a group is set on each broker.',
    options: [required('g', 'groupName', 'name of the group')],
    async run(context) {
      const name = context.need('groupName')
      const { brokerAddrTable } = await context.clusterInfo()
      for (const { brokerName, cluster, brokerAddrs } of [...brokerAddrTable.values()].sort((one, other) =>
        one.brokerName < other.brokerName ? -1 : 1,
      )) {
        const address = brokerAddrs.get(0)
        if (address === undefined) continue
        const { body } = await context.ask({ name: brokerName, address }, commands.getAllSubscriptiongroupConfig, {})
        const config = subscriptionGroupTableBody.decode(body).subscriptionGroupTable.get(name)
        if (config === undefined) continue
        await context.line(`=============================${cluster}:${brokerName}=============================`)
        for (const [key, value] of groupFields(config)) await context.print(formatted('%-40s=  %s\n', key, value))
      }
    },
  },
  {
    name: 'consumerProgress',
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
      optional('t', 'timeoutMillis', 'milliseconds for the answer'),
      optional('l', 'level', 'only queues that lag so many messages'),
      optional('o', 'order', 'true: only ordered topics'),
    ],
    async run(context) {
      const address = context.need('brokerAddr')
      const isOrder = context.value('order') === 'true'
      const least = context.number('level', 0)
      const { body } = await context.ask({ name: address, address }, commands.getBrokerConsumeStats, { isOrder })
      const { consumeStatsList, totalDiff } = consumeStatsListBody.decode(body)
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
  {
    name: 'consumerConnection',
    about: 'Shows the members of a group, and what they subscribe to.',
    options: [group, optional('b', 'brokerAddr', 'as this broker knows it')],
    async run(context) {
      const { connectionSet, subscriptionTable, consumeType, messageModel, consumeFromWhere } = await connectionsOf(
        context,
        context.need('consumerGroup'),
      )
      const columns = '%-36s %-22s %-10s %s\n'
      await context.print(formatted(columns, '#ClientId', '#ClientAddr', '#Language', '#Version'))
      for (const { clientId, clientAddr, language, version } of connectionSet) {
        await context.print(formatted(columns, clientId, clientAddr, language, versionName(version)))
      }
      await context.print('\nBelow is subscription:\n')
      await context.print(formatted('%-20s %s\n', '#Topic', '#SubExpression'))
      for (const [name, { subString }] of hashOrder(subscriptionTable))
        await context.print(formatted('%-20s %s\n', name, subString ?? ''))
      await context.print(
        `\nConsumeType: ${consumeType}\nMessageModel: ${messageModel}\nConsumeFromWhere: ${consumeFromWhere}\n`,
      )
    },
  },
  {
    name: 'producerConnection',
    about: 'Shows the producers of a group.',
    options: [required('g', 'producerGroup', 'name of the group'), topic],
    async run(context) {
      const [broker] = (await routeOf(context, context.need('topic'))).brokerDatas
      const address = broker?.brokerAddrs.get(0) ?? ''
      const header = { producerGroup: context.need('producerGroup') }
      const { body } = await context.ask({ name: address, address }, commands.getProducerConnectionList, header)
      for (const [index, { clientId, clientAddr, language, version }] of producerConnectionBody
        .decode(body)
        .connectionSet.entries()) {
        await context.print(
          formatted('%04d  %-32s %-22s %-8s %s\n', index + 1, clientId, clientAddr, language, versionName(version)),
        )
      }
    },
  },
  {
    name: 'producer',
    about: 'Shows all producers of a broker.',
    options: [required('b', 'broker', 'address of the broker')],
    async run(context) {
      const address = context.need('broker')
      const { body } = await context.ask({ name: address, address }, commands.getAllProducerInfo, {})
      for (const [name, clients] of producerTableBody.decode(body).data) {
        for (const { clientId, remoteIP, language, version, lastUpdateTimestamp } of clients) {
          await context.line(
            `producer group (${name}) instance : clientId=${clientId},remoteIP=${remoteIP}, language=${language}, version=${version}, lastUpdateTimestamp=${lastUpdateTimestamp}`,
          )
        }
      }
    },
  },
  {
    name: 'resetOffsetByTime',
    about: 'Lets a group go on at a time, or at an offset.',
    options: [
      required('g', 'group', 'name of the group'),
      topic,
      required('s', 'timestamp', 'now, milliseconds since 1970, or yyyy-MM-dd#HH:mm:ss:SSS'),
      optional('f', 'force', 'false: only backwards'),
      optional('b', 'broker', 'only at this broker'),
      optional('q', 'queue', 'only this queue'),
      optional('o', 'offset', 'the offset instead of a time'),
      optional('c', 'cluster', 'only in this cluster'),
    ],
    async run(context) {
      const [name, topicName, given] = [context.need('group'), context.need('topic'), context.need('timestamp')]
      const timestamp = resetTime(given, context.session.host.now())
      const isForce = context.value('force') !== 'false'
      const [address, queueId] = [context.value('broker'), context.number('queue', -1)]
      if (address !== undefined && queueId >= 0) {
        const where = `group[${name}], topic[${topicName}], queueId[${queueId}], broker[${address}]`
        await context.line(
          `start reset consumer offset by specified, ${where}, timestamp(string)[${given}], timestamp(long)[${timestamp}]`,
        )
        await resetQueue(context, { name, topicName, address, queueId, timestamp })
        return
      }
      await context.line(
        `start reset consumer offset by specified, group[${name}], topic[${topicName}], force[${isForce}], timestamp(string)[${given}], timestamp(long)[${timestamp}]`,
      )
      await resetAll(context, name, topicName, { timestamp: given === 'now' ? -1 : timestamp, isForce })
    },
  },
  {
    name: 'skipAccumulatedMessage',
    about: 'Lets a group go on with what comes next.',
    options: [
      required('g', 'group', 'name of the group'),
      topic,
      optional('f', 'force', 'false: only backwards'),
      optional('c', 'cluster', 'only in this cluster'),
    ],
    async run(context) {
      await resetAll(context, context.need('group'), context.need('topic'), {
        timestamp: -1,
        isForce: context.value('force') !== 'false',
      })
    },
  },
  {
    name: 'cloneGroupOffset',
    about: 'Lets a group go on in a topic where another group is.',
    options: [
      required('s', 'srcGroup', 'the group whose offsets are taken'),
      required('d', 'destGroup', 'the group that gets them'),
      topic,
      optional('o', 'offline', 'true: also topics that members have left'),
    ],
    async run(context) {
      const [srcGroup, destGroup, name] = [context.need('srcGroup'), context.need('destGroup'), context.need('topic')]
      await routeOf(context, name)
      // The one whose offsets are taken must have members, or have had some.
      const { brokerDatas } = await routeOf(context, retryTopicOf(srcGroup))
      const brokers = mastersOf(brokerDatas)
      for (const broker of brokers) await needGroup(context, broker, destGroup)
      for (const broker of brokers) {
        await context.ask(broker, commands.cloneGroupOffset, {
          srcGroup,
          destGroup,
          topic: name,
          offline: context.value('offline') === 'true',
        })
      }
      await context.print(`clone group offset success. srcGroup[${srcGroup}], destGroup=[${destGroup}], topic[${name}]`)
    },
  },
]

/** All settings of a group, in the order and the words of the official tools. */
function groupFields(config: SubscriptionGroupConfig): [name: string, value: string][] {
  const { groupRetryPolicy, subscriptionDataSet } = config
  return [
    ['groupName', config.groupName],
    ['consumeEnable', String(config.consumeEnable)],
    ['consumeFromMinEnable', String(config.consumeFromMinEnable)],
    ['consumeBroadcastEnable', String(config.consumeBroadcastEnable)],
    ['consumeMessageOrderly', String(config.consumeMessageOrderly)],
    ['retryQueueNums', String(config.retryQueueNums)],
    ['retryMaxTimes', String(config.retryMaxTimes)],
    [
      'groupRetryPolicy',
      `GroupRetryPolicy{type=${groupRetryPolicy.type}, exponentialRetryPolicy=null, customizedRetryPolicy=null}`,
    ],
    ['brokerId', String(config.brokerId)],
    ['whichBrokerWhenConsumeSlowly', String(config.whichBrokerWhenConsumeSlowly)],
    ['notifyConsumerIdsChangedEnable', String(config.notifyConsumerIdsChangedEnable)],
    ['groupSysFlag', String(config.groupSysFlag)],
    ['consumeTimeoutMinute', String(config.consumeTimeoutMinute)],
    ['subscriptionDataSet', subscriptionDataSet === undefined ? '' : JSON.stringify(subscriptionDataSet)],
    ['attributes', javaMap(config.attributes)],
  ]
}

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
  const { brokerDatas } = await routeOf(context, retryTopicOf(name))
  const all: ConsumeStats = { consumeTps: 0, offsetTable: [] }
  for (const broker of mastersOf(brokerDatas)) {
    const header = { consumerGroup: name, topic: topicName ?? '' }
    const { body } = await context.ask(broker, commands.getConsumeStats, header)
    const { consumeTps, offsetTable } = consumeStatsBody.decode(body)
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

/** The address in the id of the member that has each queue. */
async function queueClients(context: ToolContext, name: string): Promise<ReadonlyMap<string, string>> {
  const clients = new Map<string, string>()
  const { brokerDatas } = await routeOf(context, retryTopicOf(name))
  for (const broker of mastersOf(brokerDatas)) {
    const { body } = await context.ask(broker, commands.getConsumerConnectionList, { consumerGroup: name })
    for (const { clientId = '' } of consumerConnectionBody.decode(body).connectionSet) {
      const answer = await context.ask(broker, commands.getConsumerRunningInfo, { consumerGroup: name, clientId })
      for (const [queue] of consumerRunningInfoBody.decode(answer.body).mqTable) {
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
    const stats = await statsOf(context, name).catch(() => undefined)
    const diff = stats === undefined ? 0 : rowsOf(stats).reduce((sum, row) => sum + row.diff, 0)
    const connections = await connectionsOf(context, name).catch(() => undefined)
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

/** As one of the brokers of the group's retry topic knows it. */
export async function connectionsOf(context: ToolContext, name: string): Promise<ConsumerConnection> {
  const given = context.value('brokerAddr')
  const brokers =
    given === undefined
      ? mastersOf((await routeOf(context, retryTopicOf(name))).brokerDatas)
      : [{ name: given, address: given }]
  const broker = brokers[0] ?? { name: '', address: '' }
  const { body } = await context.ask(broker, commands.getConsumerConnectionList, { consumerGroup: name })
  return consumerConnectionBody.decode(body)
}

export function mastersOf(
  brokers: readonly { readonly brokerName: string; readonly brokerAddrs: ReadonlyMap<number, string> }[],
): Master[] {
  return brokers.flatMap(({ brokerName: name, brokerAddrs }) => {
    const address = brokerAddrs.get(0)
    return address === undefined ? [] : [{ name, address }]
  })
}

/** @throws CommandError when a broker does not have the group: nobody could go on from offsets there */
async function needGroup(context: ToolContext, broker: Master, name: string): Promise<void> {
  const { body } = await context.ask(broker, commands.getAllSubscriptiongroupConfig, {})
  if (subscriptionGroupTableBody.decode(body).subscriptionGroupTable.has(name)) return
  throw new CommandError(
    `CODE: 26  DESC: Group ${name} not exist! BROKER: ${broker.address}: make it with updateSubGroup`,
  )
}

interface ResetQueue {
  readonly name: string
  readonly topicName: string
  readonly address: string
  readonly queueId: number
  readonly timestamp: number
}

/** One queue of one broker, to an offset or to where a time lies. */
async function resetQueue(context: ToolContext, reset: ResetQueue): Promise<void> {
  const { name, topicName, address, queueId, timestamp } = reset
  const broker = { name: address, address }
  const place = { topic: topicName, queueId }
  const offset =
    context.value('offset') === undefined
      ? (await context.ask(broker, commands.searchOffsetByTimestamp, { ...place, timestamp })).header.offset
      : context.number('offset', -1)
  if (offset < 0) throw new UsageError(`offset is ${offset}: give one from 0 on`)
  const header = { ...place, group: name, offset, timestamp: -1, isForce: true }
  await context.ask(broker, commands.invokeBrokerToResetOffset, header)
  await context.line(`reset consumer offset to ${offset}`)
}

async function resetAll(
  context: ToolContext,
  name: string,
  topicName: string,
  { timestamp, isForce }: { readonly timestamp: number; readonly isForce: boolean },
): Promise<void> {
  const { brokerDatas } = await routeOf(context, topicName)
  const [only, cluster] = [context.value('broker'), context.value('cluster')]
  const chosen = brokerDatas.filter(
    (broker) =>
      (only === undefined || broker.brokerName === only || [...broker.brokerAddrs.values()].includes(only)) &&
      (cluster === undefined || broker.cluster === cluster),
  )
  const queueId = context.number('queue', -1)
  const offset = context.value('offset') === undefined ? undefined : context.number('offset', -1)
  await context.print(formatted(resetColumns, '#brokerName', '#queueId', '#offset'))
  for (const broker of mastersOf(chosen)) {
    const header = { group: name, topic: topicName, queueId, offset, timestamp, isForce }
    const { body } = await context.ask(broker, commands.invokeBrokerToResetOffset, header)
    for (const [queue, at] of resetOffsetBody.decode(body).offsetTable) {
      await context.print(formatted(resetColumns, queue.brokerName, queue.queueId, at))
    }
  }
}

/** @throws UsageError */
export function resetTime(text: string, nowMs: number): number {
  if (text === 'now' || text === 'currentTimeMillis') return nowMs
  if (/^-?\d{1,15}$/.test(text)) return Number(text)
  const match = /^(\d{4})-(\d\d)-(\d\d)#(\d\d):(\d\d):(\d\d):(\d{3})$/.exec(text)
  if (match !== null) {
    const [year, month, day, hour, minute, second, ms] = match.slice(1).map(Number)
    return new Date(year!, month! - 1, day, hour, minute, second, ms).getTime()
  }
  throw new UsageError(`${text} is no time: write now, milliseconds since 1970, or yyyy-MM-dd#HH:mm:ss:SSS`)
}
