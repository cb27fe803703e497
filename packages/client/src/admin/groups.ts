import {
  type Connection,
  commands,
  consumerConnectionBody,
  newSubscriptionGroupConfig,
  producerConnectionBody,
  subscriptionGroupConfigBody,
  subscriptionGroupTableBody,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import type { ClusterCalls } from './cluster-calls.ts'
import type { ConnectedClient, GroupDescription, GroupSettings } from './descriptions.ts'

const settingFields = knownFields<GroupSettings>({
  retriesMax: true,
  consumeEnabled: true,
  order: true,
  brokers: true,
})

/** Answers of brokers to which no client of the group is connected. */
const nobody = ['CONSUMER_NOT_ONLINE', 'SUBSCRIPTION_GROUP_NOT_EXIST', 'SYSTEM_ERROR'] as const

export async function groupNames(calls: ClusterCalls, deadline: Deadline): Promise<string[]> {
  const names = new Set<string>()
  for (const master of await calls.masters(deadline)) {
    const { body } = await calls.ask(master, commands.getAllSubscriptiongroupConfig, {}, deadline)
    for (const name of subscriptionGroupTableBody.decode(body).subscriptionGroupTable.keys()) {
      names.add(calls.client.namespace.unwrap(name))
    }
  }
  return [...names].sort()
}

export async function describeGroup(calls: ClusterCalls, group: string, deadline: Deadline): Promise<GroupDescription> {
  const { namespace } = calls.client
  const members = new Map<string, ConnectedClient>()
  const subscriptions: Record<string, string> = {}
  let isBroadcast = false
  for (const master of await calls.masters(deadline)) {
    const header = { consumerGroup: group }
    const answer = await calls.askOr(master, commands.getConsumerConnectionList, header, deadline, nobody)
    if (answer === undefined) continue
    const { connectionSet, subscriptionTable, messageModel } = consumerConnectionBody.decode(answer.body)
    for (const connection of connectionSet) members.set(connection.clientId ?? '', connectedClient(connection))
    for (const [topic, { subString = '*' }] of subscriptionTable) subscriptions[namespace.unwrap(topic)] = subString
    isBroadcast ||= messageModel === 'BROADCASTING'
  }
  return { group: namespace.unwrap(group), members: [...members.values()], subscriptions, isBroadcast }
}

export async function createGroup(
  calls: ClusterCalls,
  group: string,
  settings: GroupSettings,
  deadline: Deadline,
): Promise<void> {
  refuseUnknownFields('a group', settings, settingFields)
  const { retriesMax = 16, consumeEnabled = true, order = false, brokers } = settings
  const config = newSubscriptionGroupConfig(group, {
    retryMaxTimes: retriesMax,
    consumeEnable: consumeEnabled,
    consumeMessageOrderly: order,
  })
  const body = subscriptionGroupConfigBody.encode(config)
  for (const master of await calls.masters(deadline, brokers)) {
    await calls.ask(master, commands.updateAndCreateSubscriptiongroup, {}, deadline, body)
  }
}

export async function deleteGroup(calls: ClusterCalls, group: string, deadline: Deadline): Promise<void> {
  const header = { groupName: group, cleanOffset: true }
  for (const master of await calls.masters(deadline)) {
    await calls.ask(master, commands.deleteSubscriptiongroup, header, deadline)
  }
}

export async function producersOf(calls: ClusterCalls, group: string, deadline: Deadline): Promise<ConnectedClient[]> {
  const producers = new Map<string, ConnectedClient>()
  for (const master of await calls.masters(deadline)) {
    const header = { producerGroup: group }
    const answer = await calls.askOr(master, commands.getProducerConnectionList, header, deadline, nobody)
    if (answer === undefined) continue
    for (const connection of producerConnectionBody.decode(answer.body).connectionSet) {
      producers.set(connection.clientId ?? '', connectedClient(connection))
    }
  }
  return [...producers.values()]
}

function connectedClient(connection: Connection): ConnectedClient {
  const { clientId = '', clientAddr: address = '', language = 'OTHER', version } = connection
  return { clientId, address, language, version }
}
