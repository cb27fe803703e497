import { type commands, type MessageQueue, ProtocolError, unlockBatchRequestBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface UnlockParts {
  locks: { unlock(group: string, clientId: string, queues: readonly MessageQueue[]): void }
}

/** UNLOCK_BATCH_MQ: an orderly consumer gives queues up. */
export function unlockBatchMq(parts: UnlockParts): Handler<typeof commands.unlockBatchMq> {
  return (_header, call) => {
    const { consumerGroup, clientId, mqSet } = unlockBatchRequestBody.decode(call.body)
    if (consumerGroup === undefined || clientId === undefined) {
      throw new ProtocolError('INVALID_PARAMETER', 'an unlock needs consumerGroup and clientId')
    }
    parts.locks.unlock(consumerGroup, clientId, mqSet)
    return {}
  }
}
