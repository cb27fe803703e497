import type { EncodedProperties } from '@rocketmq-ts/protocol'
import type { TopicHandle } from './queues/topic-handle.ts'
import type { Refusal } from './write-guard.ts'

/** A message that a broker hands to its store. */
export interface StoreMessage {
  topic: string
  queueId: number
  flag: number
  sysFlag: number
  bornTimestamp: number
  /** As `encodeHost` gives it. */
  bornHost: Buffer
  storeHost: Buffer
  reconsumeTimes: number
  preparedTransactionOffset: number
  body: Buffer
  properties: EncodedProperties
  /** The handle of the topic; that of another topic is ignored. */
  handle?: TopicHandle | undefined
}

/** Where a message was put. */
export interface PutPlace {
  physicalOffset: number
  /** 0 for a half message or a rollback, which stand in no queue. */
  queueOffset: number
  totalSize: number
  storeTimestamp: number
}

export type PutOutcome =
  /** Stored as the flush mode promises. */
  | { kind: 'stored'; places: readonly PutPlace[] }
  /** Stored, but the disk did not confirm it in time. */
  | { kind: 'sync-timeout'; places: readonly PutPlace[] }
  /** Not stored. `illegal`: another try would fail too. */
  | { kind: 'refused'; cause: Refusal['cause'] | 'illegal' | 'light-queues-full'; reason: string }
