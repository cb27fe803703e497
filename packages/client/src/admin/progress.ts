import { commands, consumeStatsBody } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { commitOffset, committedOffset, offsetOfPosition, type StartPosition } from '../reading/queue-positions.ts'
import { RocketMQError } from '../rocketmq-error.ts'
import { masterId, type QueueRef } from '../routing/topic-route.ts'
import type { ClusterCalls } from './cluster-calls.ts'
import type { OffsetChange, QueueProgress } from './descriptions.ts'

/** Answers of brokers that know nothing of the group or the topic. */
const unknown = ['TOPIC_NOT_EXIST', 'SUBSCRIPTION_GROUP_NOT_EXIST', 'CONSUMER_NOT_ONLINE'] as const

export async function progressOf(
  calls: ClusterCalls,
  group: string,
  topic: string | undefined,
  deadline: Deadline,
): Promise<QueueProgress[]> {
  const { namespace } = calls.client
  const progress: QueueProgress[] = []
  for (const master of await calls.masters(deadline)) {
    const header = { consumerGroup: group, topic: topic ?? '' }
    const answer = await calls.askOr(master, commands.getConsumeStats, header, deadline, unknown)
    if (answer === undefined) continue
    for (const [queue, { brokerOffset, consumerOffset, lastTimestamp }] of consumeStatsBody.decode(answer.body)
      .offsetTable) {
      progress.push({
        queue: { topic: namespace.unwrap(queue.topic), broker: queue.brokerName, queueId: queue.queueId },
        groupOffset: consumerOffset,
        endOffset: brokerOffset,
        lag: Math.max(0, brokerOffset - consumerOffset),
        lastDoneTimestamp: lastTimestamp > 0 ? lastTimestamp : undefined,
      })
    }
  }
  return progress
}

/**
 * Brokers keep the new offset until the group's next pull and give it to members; those that only tell members refuse it
 * when there is none, and then it is committed for the group.
 */
export async function resetOffsets(
  calls: ClusterCalls,
  group: string,
  topic: string,
  to: StartPosition,
  isDryRun: boolean,
  deadline: Deadline,
): Promise<OffsetChange[]> {
  const { client } = calls
  const { readQueues, brokers } = await client.routes.refresh(topic, deadline)
  const plan: { queue: QueueRef; address: string; before: number | undefined; after: number }[] = []
  for (const queue of readQueues) {
    const address = brokers.get(queue.broker)?.brokerAddrs.get(masterId)
    if (address === undefined) throw new RocketMQError('NO_ROUTE', `${queue.broker} has no master now`, queue)
    const before = await committedOffset(client, group, queue, address, deadline)
    plan.push({ queue, address, before, after: await offsetOfPosition(client, queue, address, to, deadline) })
  }
  for (const { queue, address, after } of isDryRun ? [] : plan) {
    const header = { group, topic, queueId: queue.queueId, offset: after, timestamp: -1, isForce: true }
    const command = commands.invokeBrokerToResetOffset
    const master = { name: queue.broker, address }
    const answer = await calls.askOr(master, command, header, deadline, ['CONSUMER_NOT_ONLINE'])
    if (answer === undefined) await commitOffset(client, group, queue, address, after, deadline)
  }
  const { namespace } = client
  return plan.map(({ queue, before, after }) => ({
    queue: { ...queue, topic: namespace.unwrap(topic) },
    before,
    after,
  }))
}
