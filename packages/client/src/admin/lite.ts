import {
  brokerLiteInfoBody,
  commands,
  liteClientInfoBody,
  liteGroupInfoBody,
  liteTopicInfoBody,
  liteTopicOf,
  parentTopicInfoBody,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'
import type { CallAnswer, ClusterCalls, Master } from './cluster-calls.ts'
import type {
  LiteBrokerDescription,
  LiteClientDescription,
  LiteParentDescription,
  LiteProgress,
  LiteTopicDescription,
} from './descriptions.ts'

/** Answers of brokers that do not have the topic, or the group. */
const notThere = ['TOPIC_NOT_EXIST', 'SUBSCRIPTION_GROUP_NOT_EXIST'] as const

export async function liteBrokers(calls: ClusterCalls, deadline: Deadline): Promise<LiteBrokerDescription[]> {
  const { namespace } = calls.client
  const described: LiteBrokerDescription[] = []
  for (const master of await calls.masters(deadline)) {
    const { read } = await calls.ask(master, commands.getBrokerLiteInfo, {}, deadline)
    const told = read(brokerLiteInfoBody.decode)
    described.push({
      broker: master.name,
      lightQueues: told.currentLmqNum,
      lightQueuesMax: told.maxLmqNum,
      subscriptions: told.liteSubscriptionCount,
      clients: told.eventMapSize,
      topics: [...told.topicMeta]
        .map(([topic, expirationMinutes]) => ({
          topic: namespace.unwrap(topic),
          expirationMinutes,
          groups: (told.groupMeta.get(topic) ?? []).map((group) => namespace.unwrap(group)).toSorted(),
        }))
        .toSorted((one, other) => (one.topic < other.topic ? -1 : 1)),
    })
  }
  return described
}

export async function describeLiteParent(
  calls: ClusterCalls,
  topic: string,
  deadline: Deadline,
): Promise<LiteParentDescription[]> {
  const { namespace } = calls.client
  return atEach(calls, deadline, noTopic(topic), async (master) => {
    const answer = await calls.askOr(master, commands.getParentTopicInfo, { topic }, deadline, notThere)
    if (answer === undefined) return undefined
    const { ttl, groups = [], liteTopicCount } = answer.read(parentTopicInfoBody.decode)
    return {
      broker: master.name,
      topic: namespace.unwrap(topic),
      expirationMinutes: ttl,
      groups: groups.map((group) => namespace.unwrap(group)).toSorted(),
      liteTopics: liteTopicCount,
    }
  })
}

export async function describeLiteTopic(
  calls: ClusterCalls,
  topic: string,
  liteTopic: string,
  deadline: Deadline,
): Promise<LiteTopicDescription[]> {
  const { namespace } = calls.client
  return atEach(calls, deadline, noTopic(topic), async (master) => {
    const header = { parentTopic: topic, liteTopic }
    const answer = await calls.askOr(master, commands.getLiteTopicInfo, header, deadline, notThere)
    if (answer === undefined) return undefined
    const { topicOffset, subscriber, shardingToBroker } = answer.read(liteTopicInfoBody.decode)
    return {
      broker: master.name,
      topic: namespace.unwrap(topic),
      liteTopic,
      isChosen: shardingToBroker,
      minOffset: Math.max(0, topicOffset?.minOffset ?? 0),
      maxOffset: Math.max(0, topicOffset?.maxOffset ?? 0),
      lastStoredTimestamp: known(topicOffset?.lastUpdateTimestamp),
      subscribers: subscriber
        .map(({ clientId, group }) => ({ clientId, group: namespace.unwrap(group) }))
        .toSorted((one, other) => (one.clientId < other.clientId ? -1 : 1)),
    }
  })
}

export async function describeLiteClient(
  calls: ClusterCalls,
  topic: string,
  group: string,
  clientId: string,
  maxCount: number,
  deadline: Deadline,
): Promise<LiteClientDescription[]> {
  return atEach(calls, deadline, noGroup(group), async (master) => {
    const header = { parentTopic: topic, group, clientId, maxCount }
    const answer = await calls.askOr(master, commands.getLiteClientInfo, header, deadline, notThere)
    if (answer === undefined) return undefined
    const told = answer.read(liteClientInfoBody.decode)
    return {
      broker: master.name,
      clientId,
      count: told.liteTopicCount < 0 ? undefined : told.liteTopicCount,
      liteTopics: (told.liteTopicSet ?? []).map((queue) => liteTopicOf(queue)?.liteTopic ?? queue).toSorted(),
      lastAskedTimestamp: known(told.lastAccessTime),
      lastTakenTimestamp: known(told.lastConsumeTime),
    }
  })
}

export async function liteProgress(
  calls: ClusterCalls,
  group: string,
  { liteTopic, top }: { readonly liteTopic?: string | undefined; readonly top: number },
  deadline: Deadline,
): Promise<LiteProgress[]> {
  const { namespace } = calls.client
  return atEach(calls, deadline, noGroup(group), async (master) => {
    const header = { group, liteTopic, topK: top }
    const answer = await calls.askOr(master, commands.getLiteGroupInfo, header, deadline, notThere)
    if (answer === undefined) return undefined
    const told = answer.read(liteGroupInfoBody.decode)
    // -1 says that a lite topic is not there.
    const lag = Math.max(0, told.totalLagCount)
    const oldestTimestamp = known(told.earliestUnconsumedTimestamp)
    const most = (told.lagCountTopK ?? []).map((one) => ({
      liteTopic: one.liteTopic ?? '',
      lag: one.lagCount,
      oldestTimestamp: known(one.earliestUnconsumedTimestamp),
    }))
    const one = liteTopic === undefined || told.totalLagCount < 0 ? [] : [{ liteTopic, lag, oldestTimestamp }]
    return {
      broker: master.name,
      group: namespace.unwrap(group),
      topic: namespace.unwrap(told.parentTopic ?? ''),
      lag,
      oldestTimestamp,
      liteTopics: liteTopic === undefined ? most : one,
    }
  })
}

/** @returns the brokers that did it */
export async function triggerLiteDispatch(
  calls: ClusterCalls,
  group: string,
  clientId: string | undefined,
  deadline: Deadline,
): Promise<string[]> {
  return atEach(calls, deadline, noGroup(group), async (master) => {
    const header = { group, clientId }
    const answer: CallAnswer<typeof commands.triggerLiteDispatch> | undefined = await calls.askOr(
      master,
      commands.triggerLiteDispatch,
      header,
      deadline,
      notThere,
    )
    return answer === undefined ? undefined : master.name
  })
}

/** @param missing thrown when no broker has what is asked for */
async function atEach<Result>(
  calls: ClusterCalls,
  deadline: Deadline,
  missing: RocketMQError,
  ask: (master: Master) => Promise<Result | undefined>,
): Promise<Result[]> {
  const results: Result[] = []
  for (const master of await calls.masters(deadline)) {
    const result = await ask(master)
    if (result !== undefined) results.push(result)
  }
  if (results.length === 0) throw missing
  return results
}

function noTopic(topic: string): RocketMQError {
  return new RocketMQError('TOPIC_NOT_EXIST', `no broker has a topic ${topic}`, { topic })
}

function noGroup(group: string): RocketMQError {
  return new RocketMQError('SUBSCRIPTION_GROUP_NOT_EXIST', `no broker has a group ${group}`)
}

function known(timestamp: number | undefined): number | undefined {
  return timestamp !== undefined && timestamp > 0 ? timestamp : undefined
}

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkCount(name: string, count: number): void {
  if (Number.isInteger(count) && count >= 0) return
  throw invalidArgument(`${name} is ${count}: give a whole number of at least 0`)
}
