import {
  commands,
  defaultTopic,
  groupListBody,
  permission,
  type TopicConfig,
  topicConfigBody,
  topicListBody,
  topicStatsBody,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'
import { masterId, type TopicRoute } from '../routing/topic-route.ts'
import type { ClusterCalls, Master } from './cluster-calls.ts'
import type {
  LiteTopicSettings,
  QueueRange,
  TopicAccess,
  TopicChanges,
  TopicConfiguration,
  TopicDescription,
  TopicSettings,
} from './descriptions.ts'

const access = {
  none: 0,
  read: permission.read,
  write: permission.write,
  readWrite: permission.read | permission.write,
} as const satisfies Record<TopicAccess, number>

const settingFields = knownFields<TopicSettings>({
  queues: true,
  readQueues: true,
  writeQueues: true,
  access: true,
  order: true,
  attributes: true,
  lite: true,
  brokers: true,
})

/** Milliseconds between two looks at a route that is to come. */
const lookMs = 100

/** Of all topics, in their order. */
export async function topicNames(calls: ClusterCalls, deadline: Deadline): Promise<string[]> {
  const { nameServers, namespace } = calls.client
  const command = commands.getAllTopicListFromNameserver
  const { topicList } = await nameServers.read(command, {}, deadline, ({ body }) =>
    topicListBody.decode(body ?? Buffer.alloc(0)),
  )
  return topicList.map((topic) => namespace.unwrap(topic)).toSorted()
}

export async function describeTopic(calls: ClusterCalls, topic: string, deadline: Deadline): Promise<TopicDescription> {
  const route = await calls.client.routes.refresh(topic, deadline)
  const { namespace } = calls.client
  const queues: QueueRange[] = []
  const groups = new Set<string>()
  for (const master of mastersOf(route)) {
    const { read } = await calls.ask(master, commands.getTopicStatsInfo, { topic }, deadline)
    for (const [{ brokerName, queueId }, { minOffset, maxOffset, lastUpdateTimestamp }] of read(topicStatsBody.decode)
      .offsetTable) {
      queues.push({
        queue: { topic: namespace.unwrap(topic), broker: brokerName, queueId },
        minOffset: Math.max(0, minOffset),
        maxOffset,
        lastStoredTimestamp: lastUpdateTimestamp > 0 ? lastUpdateTimestamp : undefined,
      })
    }
    const consuming = await calls.ask(master, commands.queryTopicConsumeByWho, { topic }, deadline)
    for (const group of consuming.read(groupListBody.decode).groupList) groups.add(namespace.unwrap(group))
  }
  queues.sort(({ queue: one }, { queue: other }) =>
    one.broker === other.broker ? one.queueId - other.queueId : one.broker < other.broker ? -1 : 1,
  )
  return { topic: namespace.unwrap(topic), queues, groups: [...groups].sort() }
}

export async function createTopic(
  calls: ClusterCalls,
  topic: string,
  settings: TopicSettings,
  deadline: Deadline,
): Promise<void> {
  refuseUnknownFields('a topic', settings, settingFields)
  checkTopic(settings)
  const { queues = 4, access: allowed = 'readWrite', order = false, brokers } = settings
  const attributes = { ...liteAttributes(settings.lite, keptForEver), ...settings.attributes }
  const { readQueues = queues, writeQueues = queues } = settings
  const masters = await calls.masters(deadline, brokers)
  const header = {
    topic,
    defaultTopic,
    readQueueNums: readQueues,
    writeQueueNums: writeQueues,
    perm: access[allowed],
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order,
    attributes: attributesText(attributes),
    force: false,
  }
  for (const master of masters) await calls.ask(master, commands.updateAndCreateTopic, header, deadline)
  await routed(calls, topic, masters, deadline)
}

/** @throws RocketMQError TOPIC_NOT_EXIST; brokers that were asked before one that failed have the change */
export async function changeTopic(
  calls: ClusterCalls,
  topic: string,
  changes: TopicChanges,
  deadline: Deadline,
): Promise<TopicConfiguration[]> {
  refuseUnknownFields('a topic', changes, settingFields)
  checkTopic(changes)
  const { queues, access: allowed, order, brokers } = changes
  const attributes = { ...liteAttributes(changes.lite), ...changes.attributes }
  const configs = await topicConfigs(calls, topic, deadline)
  const chosen = brokers === undefined ? undefined : await calls.masters(deadline, brokers)
  for (const wanted of chosen ?? []) {
    if (configs.some(({ master }) => master.name === wanted.name)) continue
    throw new RocketMQError('TOPIC_NOT_EXIST', `${topic} is not on ${wanted.name}: make it there first`, { topic })
  }
  const changed: TopicConfiguration[] = []
  for (const { master, config } of configs) {
    if (chosen !== undefined && !chosen.some(({ name }) => name === master.name)) continue
    const next = {
      ...config,
      readQueueNums: changes.readQueues ?? queues ?? config.readQueueNums,
      writeQueueNums: changes.writeQueues ?? queues ?? config.writeQueueNums,
      // There are others than these two.
      perm: allowed === undefined ? config.perm : (config.perm & ~access.readWrite) | access[allowed],
      order: order ?? config.order,
    }
    const header = {
      topic,
      defaultTopic,
      readQueueNums: next.readQueueNums,
      writeQueueNums: next.writeQueueNums,
      perm: next.perm,
      topicFilterType: config.topicFilterType,
      topicSysFlag: config.topicSysFlag,
      order: next.order,
      attributes: attributesText(attributes),
      force: false,
    }
    await calls.ask(master, commands.updateAndCreateTopic, header, deadline)
    changed.push(configuration(master.name, (await topicConfigOf(calls, master, topic, deadline))!))
  }
  return changed
}

/** The topic's settings on each of its brokers. @throws RocketMQError TOPIC_NOT_EXIST */
export async function topicConfigurations(
  calls: ClusterCalls,
  topic: string,
  deadline: Deadline,
): Promise<TopicConfiguration[]> {
  return (await topicConfigs(calls, topic, deadline)).map(({ master, config }) => configuration(master.name, config))
}

async function topicConfigs(calls: ClusterCalls, topic: string, deadline: Deadline) {
  const route = await calls.client.routes.refresh(topic, deadline)
  const found: { master: Master; config: TopicConfig }[] = []
  for (const master of mastersOf(route)) {
    const config = await topicConfigOf(calls, master, topic, deadline)
    if (config !== undefined) found.push({ master, config })
  }
  return found
}

async function topicConfigOf(
  calls: ClusterCalls,
  master: Master,
  topic: string,
  deadline: Deadline,
): Promise<TopicConfig | undefined> {
  const answer = await calls.askOr(master, commands.getTopicConfig, { topic }, deadline, ['TOPIC_NOT_EXIST'])
  return answer === undefined ? undefined : answer.read(topicConfigBody.decode)
}

function configuration(broker: string, config: TopicConfig): TopicConfiguration {
  const bits = config.perm & access.readWrite
  const [allowed] = Object.entries(access).find(([, value]) => value === bits)!
  return {
    broker,
    readQueues: config.readQueueNums,
    writeQueues: config.writeQueueNums,
    access: allowed as TopicAccess,
    order: config.order,
    attributes: Object.fromEntries(config.attributes),
  }
}

/** @throws RocketMQError INVALID_ARGUMENT */
function checkTopic(settings: TopicChanges): void {
  for (const name of ['queues', 'readQueues', 'writeQueues'] as const) {
    const value = settings[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw invalidArgument(`${name} is ${value}: give at least 1`)
    }
  }
  if (settings.lite !== undefined) checkLite(settings.lite)
  const allowed = settings.access
  if (allowed !== undefined && !Object.hasOwn(access, allowed)) {
    throw invalidArgument(`access is ${allowed}: use read, write, readWrite or none`)
  }
}

const liteFields = knownFields<LiteTopicSettings>({ expirationMinutes: true })
const expirationMinutesMax = 43_200
const keptForEver = -1

/** @throws RocketMQError INVALID_ARGUMENT */
function checkLite(lite: LiteTopicSettings): void {
  refuseUnknownFields('lite', lite, liteFields)
  const { expirationMinutes: minutes = keptForEver } = lite
  if (minutes === keptForEver || (Number.isInteger(minutes) && minutes >= 1 && minutes <= expirationMinutesMax)) return
  throw invalidArgument(`expirationMinutes is ${minutes}: give 1 to ${expirationMinutesMax}, or -1 for never`)
}

/** @param usual minutes where none are given; without them the expiration stays as it is */
function liteAttributes(lite: LiteTopicSettings | undefined, usual?: number): Record<string, string> {
  if (lite === undefined) return {}
  const { expirationMinutes: minutes = usual } = lite
  return {
    'message.type': 'LITE',
    ...(minutes === undefined ? {} : { 'lite.topic.expiration': String(minutes) }),
  }
}

export async function deleteTopic(calls: ClusterCalls, topic: string, deadline: Deadline): Promise<void> {
  for (const master of await calls.masters(deadline)) {
    await calls.ask(master, commands.deleteTopicInBroker, { topic }, deadline)
  }
  await calls.client.nameServers.askAll(commands.deleteTopicInNamesrv, { topic }, deadline)
}

/** Adding is written with a plus sign, taking away with a minus sign. */
function attributesText(attributes: Readonly<Record<string, string | null>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => (value === null ? `-${name}` : `+${name}=${value}`))
    .join(',')
}

function mastersOf(route: TopicRoute): Master[] {
  return [...route.brokers.values()]
    .flatMap(({ brokerName: name, brokerAddrs }) => {
      const address = brokerAddrs.get(masterId)
      return address === undefined ? [] : [{ name, address }]
    })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

/** Waits until the route has the topic on all of the brokers. */
export async function routed(
  calls: ClusterCalls,
  topic: string,
  masters: readonly Pick<Master, 'name'>[],
  deadline: Deadline,
): Promise<void> {
  const { routes } = calls.client
  for (;;) {
    const route = await routes.refresh(topic, deadline).catch((error: RocketMQError) => {
      if (error.code !== 'TOPIC_NOT_EXIST') throw error
    })
    if (route !== undefined && masters.every(({ name }) => route.brokers.has(name))) return
    await deadline.pause(lookMs)
  }
}
