import type { Log } from '@rocketmq-ts/platform'
import {
  commands,
  type DecodedMessage,
  findMessageProperty,
  halfTopic,
  offsetMessageId,
  propertyName,
} from '@rocketmq-ts/protocol'
import type { ProducerRegistry } from '../clients/index.ts'
import { realPlace } from '../stored-message.ts'
import { recordOf } from './half-message.ts'

export interface CheckRequestParts {
  log: Log
  producers: Pick<ProducerRegistry, 'next'>
  brokerName: string
  storeHostHex: string
}

/** CHECK_TRANSACTION_STATE: asks a producer of the group, whichever is there; it answers by END_TRANSACTION. */
export function sendCheck(half: DecodedMessage, parts: CheckRequestParts): void {
  const { log, producers, brokerName, storeHostHex } = parts
  const { queueOffset, physicalOffset, properties } = half
  const group = findMessageProperty(properties, propertyName.producerGroup) ?? ''
  const place = realPlace(half)
  const producer = producers.next(group)
  if (producer === undefined || place === undefined) {
    log.warn({ group, queueOffset }, 'a transaction cannot be checked: no producer of its group is connected')
    return
  }
  const uniqueId = findMessageProperty(properties, propertyName.uniqueKey)
  producer.link.tell(
    commands.checkTransactionState,
    {
      // As official brokers say it: where the half stands. Where it belongs stands in the message.
      topic: halfTopic,
      tranStateTableOffset: queueOffset,
      commitLogOffset: physicalOffset,
      msgId: uniqueId,
      transactionId: uniqueId,
      offsetMsgId: offsetMessageId(storeHostHex, physicalOffset),
      bname: brokerName,
    },
    recordOf({ ...half, ...place }),
  )
}
