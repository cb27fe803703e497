import type { EncodedProperties } from '@rocketmq-ts/protocol'
import type { TopicQueues } from './queues/consume-queues.ts'

/**
 * What the store finds once for a topic, so as not to look it up for each of its messages: with very many topics a
 * lookup by name is several waits for memory. Whoever has it may keep what is his with it.
 */
export interface TopicMemo {
  readonly topic: string
  /** For the store; undefined at first. */
  queues: TopicQueues | undefined
}

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
  /** Of its topic; one of another topic is not looked at. */
  memo?: TopicMemo | undefined
}

/** Where a message was put. */
export interface PutPlace {
  physicalOffset: number
  queueOffset: number
  totalSize: number
  storeTimestamp: number
}

export type PutOutcome =
  /** Stored as the flush mode promises. */
  | { kind: 'stored'; places: readonly PutPlace[] }
  /** Stored, but the disk did not confirm it in time. */
  | { kind: 'sync-timeout'; places: readonly PutPlace[] }
  /** Not accepted. */
  | { kind: 'refused'; cause: 'closed' | 'fenced' | 'disk-full' | 'illegal'; reason: string }
