import { commands, responseCodes, retryTopicPrefix } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { answerError, invalidArgument, readAnswer } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'

/**
 * Where to begin in a queue: with its first message, behind its last one, or with the first message that was stored at a
 * time (a date, or milliseconds since 1970) or later.
 */
export type StartPosition = 'earliest' | 'latest' | Date | number

/** Clocks of brokers and clients may differ by so much. */
export const clockSkewMs = 60_000

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkPosition(name: string, position: StartPosition | undefined): void {
  const isName = position === undefined || position === 'earliest' || position === 'latest'
  const isTime = typeof position === 'number' || position instanceof Date
  if (isName || (isTime && Number.isFinite(Number(position)))) return
  throw invalidArgument(`${name} is ${position}: use earliest, latest, a date, or milliseconds since 1970`)
}

/** @throws RocketMQError */
export async function offsetOfPosition(
  client: ClusterClient,
  queue: QueueRef,
  address: string,
  position: StartPosition,
  deadline: Deadline,
): Promise<number> {
  const broker = { name: queue.broker, address }
  const { topic, queueId } = queue
  if (position === 'latest') {
    const command = commands.getMaxOffset
    const header = { topic, queueId, committed: true }
    return client.read(
      broker,
      { command, header },
      deadline,
      ({ extFields }) => command.responseCodec.decode(extFields).offset,
    )
  }
  if (position === 'earliest') {
    const command = commands.getMinOffset
    return client.read(broker, { command, header: { topic, queueId } }, deadline, ({ extFields }) =>
      Math.max(0, command.responseCodec.decode(extFields).offset),
    )
  }
  const command = commands.searchOffsetByTimestamp
  const header = { topic, queueId, timestamp: Number(position), boundaryType: 'lower' as const }
  return client.read(
    broker,
    { command, header },
    deadline,
    ({ extFields }) => command.responseCodec.decode(extFields).offset,
  )
}

/** How far a group is in a queue, as the broker knows; undefined when it has never been there. @throws RocketMQError */
export async function committedOffset(
  client: ClusterClient,
  group: string,
  queue: QueueRef,
  address: string,
  deadline: Deadline,
): Promise<number | undefined> {
  const command = commands.queryConsumerOffset
  const { topic, queueId, broker } = queue
  // Otherwise brokers let new groups begin with the first message of a young queue, wherever they mean to begin.
  const header = { consumerGroup: group, topic, queueId, setZeroIfNotFound: false }
  const answer = await client.ask({ name: broker, address }, { command, header }, deadline)
  if (answer.code === responseCodes.QUERY_NOT_FOUND.code) return undefined
  if (answer.code !== responseCodes.SUCCESS.code) throw answerError(command.name, answer, queue)
  const { offset } = readAnswer(command.name, queue, () => command.responseCodec.decode(answer.extFields))
  return offset >= 0 ? offset : undefined
}

/** @throws RocketMQError */
export async function commitOffset(
  client: ClusterClient,
  group: string,
  queue: QueueRef,
  address: string,
  offset: number,
  deadline: Deadline,
): Promise<void> {
  const command = commands.updateConsumerOffset
  const { topic, queueId, broker } = queue
  const header = { consumerGroup: group, topic, queueId, commitOffset: offset }
  await client.askForSuccess({ name: broker, address }, { command, header }, deadline)
}

export function isRetryTopic(topic: string): boolean {
  return topic.startsWith(retryTopicPrefix)
}
