import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import type { SendOnce } from '../idempotence/send-once.ts'
import type { Intake, MessageSink } from '../intake/intake.ts'
import type { AdmitParts } from './admit.ts'
import type { BrokerProperties } from './broker-properties.ts'

export interface SendParts extends AdmitParts {
  sink: MessageSink
  /** Resolves when name servers know the topics that were made so far, after a moment at the most. */
  whenRegistered(): Promise<void>
  /** Stores a batch as one record; see `MessageStore.putWhole`. */
  putWhole(batch: StoreMessage, count: number, done: (outcome: PutOutcome) => void): void
  intake: Intake
  batchIntake: Intake
  /** For messages that their producers have numbered; undefined when that is off. */
  sendOnce: SendOnce | undefined
  /** As records hold it. */
  storeHost: Buffer
  /** `storeHost` as message ids show it. */
  storeHostHex: string
  /** Bytes of the largest message of a topic of which the last message of each key is kept. */
  compactedBytesMax: number
  brokerName: string
  brokerProperties: BrokerProperties
  settings(): ReturnType<AdmitParts['settings']> & { maxMessageSize: number; traceOn: boolean; regionId: string }
  /** Makes a unique id for a message that came without one. */
  uniqueId(): string
}
