import {
  type commands,
  lockBatchRequestBody,
  lockBatchResponseBody,
  type MessageQueue,
  ProtocolError,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface LockParts {
  locks: { lock(group: string, clientId: string, queues: readonly MessageQueue[]): MessageQueue[] }
}

/** LOCK_BATCH_MQ: an orderly consumer wants queues for itself; it is told which of them it has. */
export function lockBatchMq(parts: LockParts): Handler<typeof commands.lockBatchMq> {
  return (_header, call) => {
    const { consumerGroup, clientId, mqSet } = lockBatchRequestBody.decode(call.body)
    if (consumerGroup === undefined || clientId === undefined) {
      throw new ProtocolError('INVALID_PARAMETER', 'a lock needs consumerGroup and clientId')
    }
    return { body: lockBatchResponseBody.encode({ lockOKMQSet: parts.locks.lock(consumerGroup, clientId, mqSet) }) }
  }
}
