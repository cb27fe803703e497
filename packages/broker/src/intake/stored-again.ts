import { type DecodedMessage, encodeHost } from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'

/** What a message that is stored once more has for itself; all else stays as it was sent. */
export type ChangesOfCopy = Pick<StoreMessage, 'topic' | 'queueId' | 'storeHost' | 'properties' | 'reconsumeTimes'>

/** A stored message as it is stored again: redelivered, dead, or due after a delay. */
export function storedAgain(message: DecodedMessage, changes: ChangesOfCopy): StoreMessage {
  const { flag, sysFlag, bornTimestamp, bornHost, body } = message
  return {
    ...changes,
    flag,
    sysFlag,
    bornTimestamp,
    bornHost: encodeHost(bornHost.host, bornHost.port),
    preparedTransactionOffset: 0,
    body,
  }
}
