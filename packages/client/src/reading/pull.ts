import {
  commands,
  decodeMessages,
  type RemotingCommand,
  responseCodeName,
  type SubscriptionData,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { Namespace } from '../connection/namespace.ts'
import { type RawMessage, receivedMessages } from '../messages/received-message.ts'
import { answerError, unreadableAnswer } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'
import { wantedTags } from './subscriptions.ts'

export interface Pull {
  readonly queue: QueueRef
  /** `host:port` of the broker. */
  readonly address: string
  readonly group: string
  readonly offset: number
  readonly subscription: SubscriptionData
  /** Whether the broker takes the subscription from this request, and not from the group's heartbeats. */
  readonly isOwnSubscription: boolean
  /** Messages at the most. */
  readonly countMax: number
  /** How long the broker may hold the pull when there is nothing. */
  readonly waitMs: number
  /** Committed for the group with the pull. */
  readonly commitOffset?: number | undefined
}

export interface Pulled {
  /** `moved`: there is nothing at the offset and never will be; go on at `nextOffset`. */
  readonly kind: 'found' | 'nothing' | 'moved'
  /** Those that the subscription wants. */
  readonly messages: readonly RawMessage[]
  readonly nextOffset: number
  readonly minOffset: number
  readonly maxOffset: number
  /** The broker of the name to pull from next. */
  readonly suggestedBrokerId: number
}

const flags = { commitOffset: 1, suspend: 2, subscription: 4 } as const

/** @throws RocketMQError */
export async function pull(client: ClusterClient, request: Pull, deadline: Deadline): Promise<Pulled> {
  const { queue, address, group, offset, subscription, isOwnSubscription, countMax, waitMs, commitOffset } = request
  const command = commands.pullMessage
  const header = {
    consumerGroup: group,
    topic: queue.topic,
    queueId: queue.queueId,
    queueOffset: offset,
    maxMsgNums: countMax,
    sysFlag:
      (commitOffset === undefined ? 0 : flags.commitOffset) |
      (waitMs > 0 ? flags.suspend : 0) |
      (isOwnSubscription ? flags.subscription : 0),
    commitOffset: commitOffset ?? 0,
    suspendTimeoutMillis: waitMs,
    subscription: subscription.subString ?? '*',
    subVersion: subscription.subVersion,
    expressionType: subscription.expressionType,
    bname: queue.broker,
  }
  const timeoutMs = waitMs + client.attemptTimeoutMs
  const answer = await client.ask({ name: queue.broker, address }, { command, header, timeoutMs }, deadline)
  const code = responseCodeName(answer.code)
  const kind =
    code === 'SUCCESS'
      ? 'found'
      : code === 'PULL_NOT_FOUND' || code === 'PULL_RETRY_IMMEDIATELY'
        ? 'nothing'
        : code === 'PULL_OFFSET_MOVED'
          ? 'moved'
          : undefined
  if (kind === undefined) throw answerError(command.name, answer, queue)
  try {
    return pulled(kind, answer, request, client.namespace)
  } catch (cause) {
    throw unreadableAnswer(command.name, queue, cause)
  }
}

function pulled(
  kind: Pulled['kind'],
  { extFields, body }: RemotingCommand,
  { queue, offset, subscription }: Pull,
  namespace: Namespace,
): Pulled {
  const { nextBeginOffset, minOffset, maxOffset, suggestWhichBrokerId, offsetDelta } =
    commands.pullMessage.responseCodec.decode(extFields)
  const records = kind === 'found' ? decodeMessages(body ?? Buffer.alloc(0)) : []
  const wanted = wantedTags(subscription)
  const messages: RawMessage[] = []
  for (const record of records) {
    // The records of a static topic name the queue of their broker, and their offset in it.
    if (offsetDelta !== undefined) {
      record.queueId = queue.queueId
      record.queueOffset += offsetDelta
    }
    for (const message of receivedMessages(record, queue.broker, namespace)) {
      // Offsets before the one that was asked for are those of a batch that was stored whole.
      if (message.queueOffset >= offset && (wanted === undefined || wanted.has(message.tag ?? '')))
        messages.push(message)
    }
  }
  return {
    kind,
    messages,
    nextOffset: nextBeginOffset,
    minOffset,
    maxOffset,
    suggestedBrokerId: suggestWhichBrokerId,
  }
}
