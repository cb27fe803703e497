import type { Clock } from '@rocketmq-ts/platform'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import type { BrokerProperties } from './broker-properties.ts'
import type { SendTargetParts } from './send-target.ts'

export interface MessageSink {
  put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void): void
}

export interface SendParts extends SendTargetParts {
  sink: MessageSink
  clock: Clock
  /** As records hold it. */
  storeHost: Buffer
  /** `storeHost` as message ids show it. */
  storeHostHex: string
  brokerProperties: BrokerProperties
  settings(): { maxMessageSize: number; traceOn: boolean; regionId: string; startAcceptSendRequestTimeStamp: number }
  /** Makes a unique id for a message that came without one. */
  uniqueId(): string
  highestDelayLevel: number
}
