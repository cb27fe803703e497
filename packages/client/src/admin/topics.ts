import { commands, defaultTopic, groupListBody, permission, topicStatsBody } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { invalidArgument, type RocketMQError } from '../rocketmq-error.ts'
import { masterId, type TopicRoute } from '../routing/topic-route.ts'
import type { ClusterCalls, Master } from './cluster-calls.ts'
import type { QueueRange, TopicDescription, TopicSettings } from './descriptions.ts'

const access = {
  read: permission.read,
  write: permission.write,
  readWrite: permission.read | permission.write,
} as const

const settingFields = knownFields<TopicSettings>({
  queues: true,
  access: true,
  order: true,
  attributes: true,
  brokers: true,
})

/** Milliseconds between two looks at a route that is to come. */
const lookMs = 100

export async function describeTopic(calls: ClusterCalls, topic: string, deadline: Deadline): Promise<TopicDescription> {
  const route = await calls.client.routes.refresh(topic, deadline)
  const { namespace } = calls.client
  const queues: QueueRange[] = []
  const groups = new Set<string>()
  for (const master of mastersOf(route)) {
    const { body } = await calls.ask(master, commands.getTopicStatsInfo, { topic }, deadline)
    for (const [{ brokerName, queueId }, { minOffset, maxOffset, lastUpdateTimestamp }] of topicStatsBody.decode(body)
      .offsetTable) {
      queues.push({
        queue: { topic: namespace.unwrap(topic), broker: brokerName, queueId },
        minOffset: Math.max(0, minOffset),
        maxOffset,
        lastStoredTimestamp: lastUpdateTimestamp > 0 ? lastUpdateTimestamp : undefined,
      })
    }
    const consuming = await calls.ask(master, commands.queryTopicConsumeByWho, { topic }, deadline)
    for (const group of groupListBody.decode(consuming.body).groupList) groups.add(namespace.unwrap(group))
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
  const { queues = 4, access: allowed = 'readWrite', order = false, attributes = {}, brokers } = settings
  if (!(Number.isInteger(queues) && queues >= 1)) throw invalidArgument(`queues is ${queues}: give at least 1`)
  if (!Object.hasOwn(access, allowed)) throw invalidArgument(`access is ${allowed}: use read, write or readWrite`)
  const masters = await calls.masters(deadline, brokers)
  const header = {
    topic,
    defaultTopic,
    readQueueNums: queues,
    writeQueueNums: queues,
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

export async function deleteTopic(calls: ClusterCalls, topic: string, deadline: Deadline): Promise<void> {
  for (const master of await calls.masters(deadline)) {
    await calls.ask(master, commands.deleteTopicInBroker, { topic }, deadline)
  }
  await calls.client.nameServers.askAll(commands.deleteTopicInNamesrv, { topic }, deadline)
}

/** Adding is written with a plus sign. */
function attributesText(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `+${name}=${value}`)
    .join(',')
}

function mastersOf(route: TopicRoute): Master[] {
  return [...route.brokers.values()].flatMap(({ brokerName: name, brokerAddrs }) => {
    const address = brokerAddrs.get(masterId)
    return address === undefined ? [] : [{ name, address }]
  })
}

/** Waits until the route has the topic on all of the brokers. */
async function routed(
  calls: ClusterCalls,
  topic: string,
  masters: readonly Master[],
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
