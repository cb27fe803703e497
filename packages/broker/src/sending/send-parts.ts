import type { Clock } from '@rocketmq-ts/platform'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
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
  clusterName: string
  settings(): { maxMessageSize: number; traceOn: boolean; regionId: string; startAcceptSendRequestTimeStamp: number }
  /** Makes a unique id for a message that came without one. */
  uniqueId(): string
  highestDelayLevel: number
}
