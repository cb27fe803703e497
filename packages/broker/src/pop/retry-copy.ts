import {
  type DecodedMessage,
  EncodedProperties,
  findMessageProperty,
  propertiesBytesMax,
  propertyName,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { withProperties } from '../intake/property-text.ts'
import { storedAgain } from '../intake/stored-again.ts'
import type { Checkpoint } from './receipts.ts'

/** Where a message goes that its group did not acknowledge. */
export interface RetryPlace {
  topic: string
  queueId: number
  storeHost: Buffer
}

/** The message as its group is given it once more. */
export function retryCopy(message: DecodedMessage, checkpoint: Checkpoint, place: RetryPlace): StoreMessage {
  const { properties, reconsumeTimes } = message
  const firstPopTime = findMessageProperty(properties, propertyName.firstPopTime) ?? String(checkpoint.popTime)
  return storedAgain(message, {
    topic: place.topic,
    queueId: place.queueId,
    storeHost: place.storeHost,
    reconsumeTimes: checkpoint.isSuspended ? reconsumeTimes : reconsumeTimes + 1,
    properties: EncodedProperties.ofText(
      fitting(properties, {
        [propertyName.firstPopTime]: firstPopTime,
        [propertyName.originGroup]: checkpoint.group,
      }),
    ),
  })
}

/** What has no room for more keeps what it has: the message has to come again all the same. */
function fitting(text: string, additions: Readonly<Record<string, string>>): string {
  const extended = withProperties(text, additions)
  return Buffer.byteLength(extended) <= propertiesBytesMax ? extended : text
}
