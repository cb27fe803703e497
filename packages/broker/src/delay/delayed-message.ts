import {
  type DecodedMessage,
  EncodedProperties,
  findMessageProperty,
  halfTopic,
  propertyName,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { withProperties } from '../intake/property-text.ts'
import { storedAgain } from '../intake/stored-again.ts'

const queueIdMax = 0x7fffffff

/**
 * The message that a delayed one becomes when it is due: in its real topic and queue, otherwise as it was sent. DELAY,
 * REAL_TOPIC and REAL_QID stay among its properties, as the official broker leaves them.
 * @returns undefined when it does not say where it belongs
 */
export function dueMessage(message: DecodedMessage, storeHost: Buffer): StoreMessage | undefined {
  const { properties } = message
  const topic = findMessageProperty(properties, propertyName.realTopic)
  const queueId = Number(findMessageProperty(properties, propertyName.realQueueId))
  // An official broker delays half messages, and forgets where they belong.
  if (topic === undefined || topic === halfTopic || !Number.isInteger(queueId) || queueId < 0 || queueId > queueIdMax)
    return undefined
  return storedAgain(message, {
    topic,
    queueId,
    storeHost,
    reconsumeTimes: message.reconsumeTimes,
    properties: EncodedProperties.ofText(
      withProperties(properties, {
        [propertyName.timerDelaySec]: undefined,
        [propertyName.timerDeliverMs]: undefined,
      }),
    ),
  })
}
