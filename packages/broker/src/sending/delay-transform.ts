import { EncodedProperties, propertyName, scheduleTopic } from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { withProperties } from './property-text.ts'

/**
 * A message with a delay level goes to the topic of delayed messages, with a queue for each level; its real topic and
 * queue travel as properties. Levels above the highest count as the highest.
 */
export function delayed(message: StoreMessage, highestLevel: number): StoreMessage {
  const text = message.properties.value('delayLevel')
  if (text === undefined) return message
  const asked = Number(text)
  if (!Number.isInteger(asked) || asked <= 0) return message
  const level = Math.min(asked, highestLevel)
  return {
    ...message,
    memo: undefined,
    topic: scheduleTopic,
    queueId: level - 1,
    properties: EncodedProperties.ofText(
      withProperties(message.properties.text, {
        [propertyName.delayLevel]: String(level),
        [propertyName.realTopic]: message.topic,
        [propertyName.realQueueId]: String(message.queueId),
      }),
    ),
  }
}
