import {
  consumeDirectlyBody,
  consumerRunningInfoBody,
  consumerStatusBody,
  decodeMessages,
  type MessageQueue,
  resetOffsetBody,
  type SubscriptionData,
} from '@rocketmq-ts/protocol'
import type { ClientHandlers } from '../connection/client-table.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { type RawMessage, receivedMessages } from '../messages/received-message.ts'
import type { QueueRef } from '../routing/topic-route.ts'
import type { Assignment } from './assignment.ts'
import type { Outcome } from './message-handling.ts'
import type { OffsetKeeping } from './offset-keeping.ts'

/** What of a consumer is needed to answer its brokers. */
export interface RequestedConsumer {
  readonly client: ClusterClient
  readonly group: string
  readonly assignment: Assignment
  readonly offsets: OffsetKeeping
  readonly subscriptions: readonly SubscriptionData[]
  readonly isOrdered: boolean
  /** Milliseconds since 1970. */
  readonly startedMs: number
  handle(messages: readonly RawMessage[]): Promise<Outcome[]>
  rebalanceSoon(): void
}

/** What brokers ask of a consumer, mostly since an administrator asked them. */
export function consumerRequests(consumer: () => RequestedConsumer): ClientHandlers {
  return {
    notifyConsumerIdsChanged: ({ consumerGroup }) => {
      const { group, rebalanceSoon } = consumer()
      if (consumerGroup === group) rebalanceSoon()
      return {}
    },
    resetConsumerClientOffset: async ({ group, topic }, { body }) => {
      const asked = consumer()
      if (group !== asked.group) return {}
      const { offsetTable } = resetOffsetBody.decode(body)
      await Promise.all(offsetTable.map(([queue, offset]) => resetOffset(asked, { ...queueRef(queue), topic }, offset)))
      asked.rebalanceSoon()
      return {}
    },
    getConsumerStatusFromClient: ({ topic }) => {
      const messageQueueTable = consumer()
        .assignment.queues.filter(({ queue, mode }) => queue.topic === topic && mode === 'PULL')
        .map(({ queue, committable }): [MessageQueue, number] => [messageQueue(queue), committable ?? -1])
      return { body: consumerStatusBody.encode({ messageQueueTable, consumerTable: new Map() }) }
    },
    getConsumerRunningInfo: () => ({ body: runningInfo(consumer()) }),
    consumeMessageDirectly: async ({ brokerName }, { body }) => {
      const { client, handle, isOrdered } = consumer()
      const startMs = client.runtime.clock.monotonic()
      // The body is a part of the receive buffer, and the handler may take its time.
      const [record] = decodeMessages(Buffer.from(body))
      let isDone = true
      // A handler takes one message at a time, also of a batch that was stored whole.
      for (const message of receivedMessages(record!, brokerName ?? '', client.namespace)) {
        const [outcome] = await handle([message])
        isDone &&= outcome!.kind === 'done' || outcome!.kind === 'skip'
      }
      const result = consumeDirectlyBody.encode({
        order: isOrdered,
        autoCommit: true,
        consumeResult: isDone ? 'CR_SUCCESS' : 'CR_LATER',
        spentTimeMills: Math.round(client.runtime.clock.monotonic() - startMs),
      })
      return { body: result }
    },
  }
}

/** Nothing of what the queue's messages come to counts any more: it is read anew from there. */
async function resetOffset(
  { assignment, client, offsets }: RequestedConsumer,
  queue: QueueRef,
  offset: number,
): Promise<void> {
  offsets.forget(queue)
  const assigned = assignment.find(queue)
  const address = client.routes.masterAddress(queue.broker)
  if (assigned === undefined || address === undefined) return
  await assignment.abandon(assigned)
  await offsets.set(queue, address, offset, client.newDeadline())
}

function runningInfo({ client, assignment, subscriptions, isOrdered, startedMs }: RequestedConsumer): Buffer {
  const [pulled, popped] = (['PULL', 'POP'] as const).map((mode) =>
    assignment.queues.filter((one) => one.mode === mode),
  )
  const mqTable = pulled!.map(({ queue, committable, state }): [MessageQueue, Record<string, unknown>] => [
    messageQueue(queue),
    {
      commitOffset: committable ?? -1,
      cachedMsgCount: state.pendingMessages,
      cachedMsgSizeInMiB: Math.floor(state.pendingBytes / 1024 / 1024),
      locked: isOrdered,
      droped: false,
      lastPullTimestamp: state.lastAskedMs ?? 0,
      lastConsumeTimestamp: 0,
      lastLockTimestamp: 0,
      tryUnlockTimes: 0,
      transactionMsgCount: 0,
      transactionMsgMaxOffset: 0,
      transactionMsgMinOffset: 0,
      cachedMsgMaxOffset: 0,
      cachedMsgMinOffset: 0,
    },
  ])
  const mqPopTable = popped!.map(({ queue, state }): [MessageQueue, Record<string, unknown>] => [
    messageQueue(queue),
    { waitAckCount: state.pendingMessages, droped: false, lastPopTimestamp: state.lastAskedMs ?? 0 },
  ])
  return consumerRunningInfoBody.encode({
    properties: new Map([
      ['PROP_CONSUME_TYPE', 'CONSUME_PASSIVELY'],
      ['PROP_CONSUMEORDERLY', String(isOrdered)],
      ['PROP_NAMESERVER_ADDR', client.nameServers.addresses.join(';')],
      // Without it the official tools cannot compare the subscriptions of members.
      ['PROP_CONSUMER_START_TIMESTAMP', String(startedMs)],
    ]),
    subscriptionSet: [...subscriptions],
    mqTable: mqTable as never,
    mqPopTable: mqPopTable as never,
    statusTable: new Map(),
    userConsumerInfo: new Map(),
  })
}

function queueRef({ topic, brokerName, queueId }: MessageQueue): QueueRef {
  return { topic, broker: brokerName, queueId }
}

function messageQueue({ topic, broker, queueId }: QueueRef): MessageQueue {
  return { topic, brokerName: broker, queueId }
}
