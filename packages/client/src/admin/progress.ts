import {
  commands,
  consumeStatsBody,
  consumeStatsListBody,
  type MessageQueue,
  type OffsetWrapper,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { checkPosition, commitOffset, committedOffset, offsetOfPosition } from '../reading/queue-positions.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'
import { masterId, type QueueRef, type TopicRoute } from '../routing/topic-route.ts'
import type { ClusterCalls } from './cluster-calls.ts'
import type { GroupProgress, OffsetChange, OffsetTarget, QueueProgress } from './descriptions.ts'

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
    for (const entry of answer.read(consumeStatsBody.decode).offsetTable) progress.push(queueProgress(entry, namespace))
  }
  return progress.sort(byQueue)
}

/** All groups of all brokers with offsets. */
export async function progressOfAll(calls: ClusterCalls, deadline: Deadline): Promise<GroupProgress[]> {
  const { namespace } = calls.client
  const queues = new Map<string, QueueProgress[]>()
  for (const master of await calls.masters(deadline)) {
    const { read } = await calls.ask(master, commands.getBrokerConsumeStats, { isOrder: false }, deadline)
    for (const byGroup of read(consumeStatsListBody.decode).consumeStatsList) {
      for (const [group, stats] of byGroup) {
        const name = namespace.unwrap(group)
        const known = queues.get(name) ?? []
        for (const { offsetTable } of stats) {
          // This answer tells nothing of what was delivered.
          for (const entry of offsetTable)
            known.push({ ...queueProgress(entry, namespace), deliveredOffset: undefined })
        }
        queues.set(name, known)
      }
    }
  }
  return [...queues]
    .map(([group, progress]) => ({ group, queues: progress.sort(byQueue) }))
    .toSorted((one, other) => (one.group < other.group ? -1 : 1))
}

function queueProgress(
  [queue, offsets]: readonly [MessageQueue, OffsetWrapper],
  namespace: ClusterCalls['client']['namespace'],
): QueueProgress {
  const { brokerOffset, consumerOffset, pullOffset, lastTimestamp } = offsets
  return {
    queue: { topic: namespace.unwrap(queue.topic), broker: queue.brokerName, queueId: queue.queueId },
    groupOffset: consumerOffset,
    endOffset: brokerOffset,
    lag: Math.max(0, brokerOffset - consumerOffset),
    deliveredOffset: Math.max(consumerOffset, pullOffset),
    lastDoneTimestamp: lastTimestamp > 0 ? lastTimestamp : undefined,
  }
}

function byQueue({ queue: one }: QueueProgress, { queue: other }: QueueProgress): number {
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1
  if (one.broker !== other.broker) return one.broker < other.broker ? -1 : 1
  return one.queueId - other.queueId
}

/** Copies how far one group is in a topic to another group. What a queue does not have any more becomes its nearest end. */
export async function copyOffsets(
  calls: ClusterCalls,
  from: string,
  to: string,
  topic: string,
  isDryRun: boolean,
  deadline: Deadline,
): Promise<OffsetChange[]> {
  const { client } = calls
  const plan = await plannedOffsets(calls, to, topic, deadline, async (queue, address) => {
    const offset = await committedOffset(client, from, queue, address, deadline)
    return offset === undefined ? undefined : withinQueue(client, queue, address, () => offset, deadline)
  })
  if (plan.length === 0) {
    const name = client.namespace.unwrap(topic)
    throw new RocketMQError('QUERY_NOT_FOUND', `the group ${client.namespace.unwrap(from)} was never in ${name}`)
  }
  if (!isDryRun) await setOffsets(calls, to, plan, deadline)
  return shown(calls, plan)
}

/**
 * Brokers keep the new offset until the group's next pull and give it to members; those that only tell members refuse it
 * when there is none, and then it is committed for the group.
 */
/** @throws RocketMQError INVALID_ARGUMENT for a target that cannot be */
export async function resetOffsets(
  calls: ClusterCalls,
  group: string,
  topic: string,
  to: OffsetTarget,
  isDryRun: boolean,
  deadline: Deadline,
): Promise<OffsetChange[]> {
  checkTarget(to)
  const plan = await plannedOffsets(calls, group, topic, deadline, (queue, address, before) =>
    targetOffset(calls.client, queue, address, before, to, deadline),
  )
  if (!isDryRun) await setOffsets(calls, group, plan, deadline)
  return shown(calls, plan)
}

interface PlannedOffset {
  readonly queue: QueueRef
  readonly address: string
  readonly before: number | undefined
  readonly after: number
}

/** @param target where the group is to go on in a queue; undefined leaves it as it is */
async function plannedOffsets(
  { client }: ClusterCalls,
  group: string,
  topic: string,
  deadline: Deadline,
  target: (queue: QueueRef, address: string, before: number | undefined) => Promise<number | undefined>,
): Promise<PlannedOffset[]> {
  const { readQueues, brokers } = await client.routes.refresh(topic, deadline)
  const plan: PlannedOffset[] = []
  for (const queue of readQueues) {
    const address = masterAddress(brokers, queue)
    const before = await committedOffset(client, group, queue, address, deadline)
    const after = await target(queue, address, before)
    if (after !== undefined) plan.push({ queue, address, before, after })
  }
  return plan
}

async function targetOffset(
  client: ClusterClient,
  queue: QueueRef,
  address: string,
  before: number | undefined,
  to: OffsetTarget,
  deadline: Deadline,
): Promise<number> {
  if (typeof to !== 'object' || to instanceof Date) return offsetOfPosition(client, queue, address, to, deadline)
  const wanted = (end: number) => ('offset' in to ? to.offset : (before ?? end) + to.shift)
  return withinQueue(client, queue, address, wanted, deadline)
}

/** Brokers refuse offsets beyond the ends of a queue. */
async function withinQueue(
  client: ClusterClient,
  queue: QueueRef,
  address: string,
  wanted: (end: number) => number,
  deadline: Deadline,
): Promise<number> {
  const end = await offsetOfPosition(client, queue, address, 'latest', deadline)
  const start = await offsetOfPosition(client, queue, address, 'earliest', deadline)
  return Math.min(end, Math.max(start, wanted(end)))
}

/** @throws RocketMQError that says which queues are changed, and which are not */
async function setOffsets(
  calls: ClusterCalls,
  group: string,
  plan: readonly PlannedOffset[],
  deadline: Deadline,
): Promise<void> {
  for (const [done, planned] of plan.entries()) {
    try {
      await setOffset(calls, group, planned, deadline)
    } catch (error) {
      throw partlyChanged(error as RocketMQError, plan.slice(0, done), plan.slice(done))
    }
  }
}

async function setOffset(
  calls: ClusterCalls,
  group: string,
  { queue, address, after }: PlannedOffset,
  deadline: Deadline,
): Promise<void> {
  const { topic, queueId, broker: name } = queue
  const header = { group, topic, queueId, offset: after, timestamp: -1, isForce: true }
  const command = commands.invokeBrokerToResetOffset
  const answer = await calls.askOr({ name, address }, command, header, deadline, ['CONSUMER_NOT_ONLINE'])
  if (answer === undefined) await commitOffset(calls.client, group, queue, address, after, deadline)
}

function partlyChanged(
  error: RocketMQError,
  changed: readonly PlannedOffset[],
  [failed, ...left]: readonly PlannedOffset[],
): RocketMQError {
  const { code, message, retryable, outcome, responseCode } = error
  const parts = [
    `the queue ${nameOf(failed!)} ${outcome === 'unknown' ? 'may be changed' : 'is not changed'}: ${message}`,
    changed.length === 0 ? 'none was changed before it' : `changed before it: ${changed.map(nameOf).join(', ')}`,
    ...(left.length === 0 ? [] : [`not changed: ${left.map(nameOf).join(', ')}`]),
  ]
  const told = new RocketMQError(code, parts.join('; '), {
    ...failed!.queue,
    cause: error,
    retryable,
    responseCode,
    outcome: changed.length > 0 ? 'unknown' : outcome,
  })
  told.attempts = error.attempts
  return told
}

function nameOf({ queue }: PlannedOffset): string {
  return `${queue.broker} ${queue.queueId}`
}

function masterAddress(brokers: TopicRoute['brokers'], queue: QueueRef): string {
  const address = brokers.get(queue.broker)?.brokerAddrs.get(masterId)
  if (address !== undefined) return address
  throw new RocketMQError('NO_ROUTE', `${queue.broker} has no master now`, queue)
}

function shown({ client: { namespace } }: ClusterCalls, plan: readonly PlannedOffset[]): OffsetChange[] {
  return plan.map(({ queue, before, after }) => ({
    queue: { ...queue, topic: namespace.unwrap(queue.topic) },
    before,
    after,
  }))
}

/** @throws RocketMQError INVALID_ARGUMENT */
function checkTarget(to: OffsetTarget): void {
  if (typeof to !== 'object' || to instanceof Date) {
    checkPosition('to', to)
    return
  }
  const value = 'offset' in to ? to.offset : to.shift
  if (Number.isSafeInteger(value) && !('offset' in to && value < 0)) return
  throw invalidArgument(`to is ${value}: give a whole number${'offset' in to ? ' of at least 0' : ''}`)
}
