import { type DecodedMessage, EncodedProperties, halfTopic, propertyName } from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { withProperties } from '../intake/property-text.ts'
import { storedAgain } from '../intake/stored-again.ts'
import { realPlace } from '../stored-message.ts'

/**
 * The message that a delayed one becomes when it is due: in its real topic and queue, otherwise as it was sent. DELAY,
 * REAL_TOPIC and REAL_QID stay among its properties, as the official broker leaves them.
 * @returns undefined when it does not say where it belongs
 */
export function dueMessage(message: DecodedMessage, storeHost: Buffer): StoreMessage | undefined {
  const place = realPlace(message)
  // An official broker delays half messages, and forgets where they belong.
  if (place === undefined || place.topic === halfTopic) return undefined
  return storedAgain(message, {
    ...place,
    storeHost,
    reconsumeTimes: message.reconsumeTimes,
    properties: EncodedProperties.ofText(
      withProperties(message.properties, {
        [propertyName.timerDelaySec]: undefined,
        [propertyName.timerDeliverMs]: undefined,
      }),
    ),
  })
}
