import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { commitOffset, committedOffset } from '../reading/queue-positions.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'
import { masterId, type QueueRef } from '../routing/topic-route.ts'

/** How far a group is in a queue; undefined when it was never there. */
export async function offsetIn(
  client: ClusterClient,
  group: string,
  queue: QueueRef,
  deadline: Deadline,
): Promise<number | undefined> {
  return committedOffset(client, group, queue, await masterOf(client, queue, deadline), deadline)
}

/** @throws RocketMQError INVALID_ARGUMENT for an offset that cannot be */
export async function commitIn(
  client: ClusterClient,
  group: string,
  queue: QueueRef,
  offset: number,
  deadline: Deadline,
): Promise<void> {
  if (!(Number.isSafeInteger(offset) && offset >= 0)) throw invalidArgument(`offset is ${offset}: give at least 0`)
  await commitOffset(client, group, queue, await masterOf(client, queue, deadline), offset, deadline)
}

async function masterOf(client: ClusterClient, queue: QueueRef, deadline: Deadline): Promise<string> {
  const route = await client.routes.find(queue.topic, deadline)
  const address = route.brokers.get(queue.broker)?.brokerAddrs.get(masterId)
  if (address === undefined) throw new RocketMQError('NO_ROUTE', `${queue.broker} has no master now`, queue)
  return address
}
