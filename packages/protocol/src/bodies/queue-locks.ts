import { defineBody } from './body.ts'
import { messageQueueShape } from './message-queue.ts'
import { flag, list, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

const queueLockRequestShape = record({
  consumerGroup: optional(text),
  clientId: optional(text),
  /** Set by a broker that asks its replicas: lock here only, ask nobody else. */
  onlyThisBroker: withDefault(flag, () => false),
  mqSet: withDefault(list(messageQueueShape), () => []),
})

/** Queues that an orderly consumer wants to lock or unlock. */
export type QueueLockRequest = ShapeValue<typeof queueLockRequestShape>

/** Request body of request 41. */
export const lockBatchRequestBody = defineBody('LockBatchRequestBody', queueLockRequestShape)

/** Request body of request 42. */
export const unlockBatchRequestBody = defineBody('UnlockBatchRequestBody', queueLockRequestShape)

const lockBatchResponseShape = record({ lockOKMQSet: withDefault(list(messageQueueShape), () => []) })

/** Those of the queues that are locked now. */
export type LockBatchResponse = ShapeValue<typeof lockBatchResponseShape>

/** Response body of request 41. */
export const lockBatchResponseBody = defineBody('LockBatchResponseBody', lockBatchResponseShape)
