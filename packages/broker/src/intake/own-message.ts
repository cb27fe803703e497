import { EncodedProperties } from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'

export interface OwnMessage {
  topic: string
  body: string
  /** Encoded. */
  properties: string
  /** Milliseconds since 1970. */
  nowMs: number
  storeHost: Buffer
}

/** A message that the broker makes itself, for the one queue of a topic of the system. */
export function ownMessage({ topic, body, properties, nowMs, storeHost }: OwnMessage): StoreMessage {
  return {
    topic,
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: nowMs,
    bornHost: storeHost,
    storeHost,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from(body),
    properties: EncodedProperties.ofText(properties),
  }
}
