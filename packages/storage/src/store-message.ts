import type { EncodedProperties } from '@rocketmq-ts/protocol'

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
