import {
  type Connection,
  commands,
  consumerConnectionBody,
  consumerRunningInfoBody,
  newSubscriptionGroupConfig,
  producerConnectionBody,
  producerTableBody,
  type SubscriptionGroupConfig,
  subscriptionGroupConfigBody,
  subscriptionGroupTableBody,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { Namespace } from '../connection/namespace.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'
import type { ClusterCalls, Master } from './cluster-calls.ts'
import type {
  ConnectedClient,
  ConnectedProducer,
  GroupConfiguration,
  GroupDescription,
  GroupSettings,
  MemberConnection,
  MemberStatus,
} from './descriptions.ts'
import { checkLiteGroup, liteChanges, liteSettingsOf } from './lite-groups.ts'

const settingFields = knownFields<GroupSettings>({
  retriesMax: true,
  consumeEnabled: true,
  order: true,
  broadcastEnabled: true,
  retryQueues: true,
  lite: true,
  brokers: true,
})

/** Answers of brokers to which no client of the group is connected. */
const nobody = ['CONSUMER_NOT_ONLINE', 'SUBSCRIPTION_GROUP_NOT_EXIST', 'SYSTEM_ERROR'] as const

export async function groupNames(calls: ClusterCalls, deadline: Deadline): Promise<string[]> {
  const names = new Set<string>()
  for (const master of await calls.masters(deadline)) {
    const { read } = await calls.ask(master, commands.getAllSubscriptiongroupConfig, {}, deadline)
    for (const name of read(subscriptionGroupTableBody.decode).subscriptionGroupTable.keys()) {
      names.add(calls.client.namespace.unwrap(name))
    }
  }
  return [...names].sort()
}

export async function describeGroup(calls: ClusterCalls, group: string, deadline: Deadline): Promise<GroupDescription> {
  const { namespace } = calls.client
  const members = new Map<string, ConnectedClient>()
  const connections: MemberConnection[] = []
  const subscriptions: Record<string, string> = {}
  let isBroadcast = false
  for (const master of await calls.masters(deadline)) {
    const header = { consumerGroup: group }
    const answer = await calls.askOr(master, commands.getConsumerConnectionList, header, deadline, nobody)
    if (answer === undefined) continue
    const { connectionSet, subscriptionTable, messageModel } = answer.read(consumerConnectionBody.decode)
    for (const connection of connectionSet) {
      const client = connectedClient(connection)
      members.set(client.clientId, client)
      connections.push({ ...client, broker: master.name })
    }
    for (const [topic, { subString = '*' }] of subscriptionTable) subscriptions[namespace.unwrap(topic)] = subString
    isBroadcast ||= messageModel === 'BROADCASTING'
  }
  return { group: namespace.unwrap(group), members: [...members.values()], connections, subscriptions, isBroadcast }
}

export async function createGroup(
  calls: ClusterCalls,
  group: string,
  settings: GroupSettings,
  deadline: Deadline,
): Promise<void> {
  refuseUnknownFields('a group', settings, settingFields)
  checkGroupSettings(settings)
  const { namespace } = calls.client
  const config = withSettings(newSubscriptionGroupConfig(group), settings)
  const body = subscriptionGroupConfigBody.encode({ ...config, attributes: liteChanges(settings.lite, namespace) })
  for (const master of await calls.masters(deadline, settings.brokers)) {
    await calls.ask(master, commands.updateAndCreateSubscriptiongroup, {}, deadline, body)
  }
}

/** @throws RocketMQError SUBSCRIPTION_GROUP_NOT_EXIST; brokers that were asked before one that failed have the change */
export async function changeGroup(
  calls: ClusterCalls,
  group: string,
  changes: GroupSettings,
  deadline: Deadline,
): Promise<GroupConfiguration[]> {
  refuseUnknownFields('a group', changes, settingFields)
  checkGroupSettings(changes)
  const { namespace } = calls.client
  const changed: GroupConfiguration[] = []
  for (const { master, config } of await groupConfigs(calls, group, deadline, changes.brokers)) {
    const next = withSettings(config, changes)
    // Attributes are told as what changes of them.
    const attributes = liteChanges(changes.lite, namespace)
    const body = subscriptionGroupConfigBody.encode({ ...next, attributes })
    await calls.ask(master, commands.updateAndCreateSubscriptiongroup, {}, deadline, body)
    const after = new Map(config.attributes)
    for (const [name, value] of attributes) after.set(name.slice(1), value)
    changed.push(configuration(master.name, { ...next, attributes: after }, namespace))
  }
  return changed
}

/** The group's settings on each broker that has it. @throws RocketMQError SUBSCRIPTION_GROUP_NOT_EXIST */
export async function groupConfigurations(
  calls: ClusterCalls,
  group: string,
  deadline: Deadline,
): Promise<GroupConfiguration[]> {
  const { namespace } = calls.client
  const configs = await groupConfigs(calls, group, deadline)
  return configs.map(({ master, config }) => configuration(master.name, config, namespace))
}

/** Asking for one group may make it, so that all are asked for. */
async function groupConfigs(calls: ClusterCalls, group: string, deadline: Deadline, brokers?: readonly string[]) {
  const found: { master: Master; config: SubscriptionGroupConfig }[] = []
  for (const master of await calls.masters(deadline, brokers)) {
    const { read } = await calls.ask(master, commands.getAllSubscriptiongroupConfig, {}, deadline)
    const config = read(subscriptionGroupTableBody.decode).subscriptionGroupTable.get(group)
    if (config !== undefined) found.push({ master, config })
  }
  if (found.length > 0) return found
  const where = brokers === undefined ? 'no broker' : `none of ${brokers.join(', ')}`
  throw new RocketMQError('SUBSCRIPTION_GROUP_NOT_EXIST', `${where} has a group ${group}`)
}

function withSettings(config: SubscriptionGroupConfig, settings: GroupSettings): SubscriptionGroupConfig {
  const { retriesMax, consumeEnabled, order, broadcastEnabled, retryQueues } = settings
  return {
    ...config,
    retryMaxTimes: retriesMax ?? config.retryMaxTimes,
    consumeEnable: consumeEnabled ?? config.consumeEnable,
    consumeMessageOrderly: order ?? config.consumeMessageOrderly,
    consumeBroadcastEnable: broadcastEnabled ?? config.consumeBroadcastEnable,
    retryQueueNums: retryQueues ?? config.retryQueueNums,
  }
}

function configuration(broker: string, config: SubscriptionGroupConfig, namespace: Namespace): GroupConfiguration {
  return {
    broker,
    retriesMax: config.retryMaxTimes,
    consumeEnabled: config.consumeEnable,
    order: config.consumeMessageOrderly,
    broadcastEnabled: config.consumeBroadcastEnable,
    retryQueues: config.retryQueueNums,
    lite: liteSettingsOf(config.attributes, namespace),
  }
}

/** @throws RocketMQError INVALID_ARGUMENT */
function checkGroupSettings(settings: GroupSettings): void {
  for (const name of ['retriesMax', 'retryQueues'] as const) {
    const value = settings[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 0)) {
      throw invalidArgument(`${name} is ${value}: give a whole number of at least 0`)
    }
  }
  if (settings.lite !== undefined) checkLiteGroup(settings.lite)
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
    for (const connection of answer.read(producerConnectionBody.decode).connectionSet) {
      producers.set(connection.clientId ?? '', connectedClient(connection))
    }
  }
  return [...producers.values()]
}

/** Every producer of every group, as each broker knows it. */
export async function allProducers(calls: ClusterCalls, deadline: Deadline): Promise<ConnectedProducer[]> {
  const producers: ConnectedProducer[] = []
  for (const master of await calls.masters(deadline)) {
    const { read } = await calls.ask(master, commands.getAllProducerInfo, {}, deadline)
    for (const [group, clients] of read(producerTableBody.decode).data) {
      for (const { clientId = '', remoteIP = '', language = 'OTHER', version, lastUpdateTimestamp } of clients) {
        producers.push({
          group: calls.client.namespace.unwrap(group),
          broker: master.name,
          clientId,
          address: remoteIP.replace(/^\//, ''),
          language,
          version,
          lastHeartbeatTimestamp: lastUpdateTimestamp,
        })
      }
    }
  }
  return producers
}

/** @throws RocketMQError CONSUMER_NOT_ONLINE when no broker knows such a member */
export async function memberStatus(
  calls: ClusterCalls,
  group: string,
  clientId: string,
  withStacks: boolean,
  deadline: Deadline,
): Promise<MemberStatus> {
  const { namespace } = calls.client
  let failure: unknown
  for (const master of await calls.masters(deadline)) {
    try {
      const header = { consumerGroup: group, clientId, jstackEnable: withStacks }
      const { read } = await calls.ask(master, commands.getConsumerRunningInfo, header, deadline)
      const info = read(consumerRunningInfoBody.decode)
      return {
        properties: Object.fromEntries(info.properties),
        rates: Object.fromEntries(
          [...info.statusTable].map(([topic, status]) => [
            namespace.unwrap(topic),
            {
              pullMs: status.pullRT,
              pullRate: status.pullTPS,
              handleMs: status.consumeRT,
              doneRate: status.consumeOKTPS,
              failedRate: status.consumeFailedTPS,
            },
          ]),
        ),
        queues: info.mqTable.map(([{ topic, brokerName: broker, queueId }]) => ({
          topic: namespace.unwrap(topic),
          broker,
          queueId,
        })),
        subscriptions: Object.fromEntries(
          info.subscriptionSet.map(({ topic, subString = '*' }) => [namespace.unwrap(topic ?? ''), subString]),
        ),
        stacks: info.jstack,
      }
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function connectedClient(connection: Connection): ConnectedClient {
  const { clientId = '', clientAddr: address = '', language = 'OTHER', version } = connection
  return { clientId, address, language, version }
}
