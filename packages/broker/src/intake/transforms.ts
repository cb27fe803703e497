import {
  deadLetterTopicOf,
  decimalInteger,
  EncodedProperties,
  marksOf,
  propertyName,
  retryTopicPrefix,
  scheduleTopic,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { withProperties } from './property-text.ts'

/** How a message comes in: from a producer, alone or in a batch, sent back by a consumer, or due after its delay. */
export type Origin = 'send' | 'batch' | 'send-back' | 'due'

export interface TransformRules {
  highestDelayLevel: number
  /** Redeliveries after which the group gets the message no more. */
  redeliveriesMax: number
}

/** One thing that a message may become on its way in. */
export interface Transform {
  readonly origins: readonly Origin[]
  /** Only a message with one of these properties can be concerned; 0 when something else decides. */
  readonly marks: number
  /** The message that it becomes, or the same one when this does not concern it. */
  apply(message: StoreMessage, rules: TransformRules): StoreMessage
}

/** All that a message may become, in this order: each sees what those before it made. */
export const transforms: readonly Transform[] = [
  { origins: ['send', 'send-back'], marks: 0, apply: deadLetter },
  // A batch takes no delayed messages. One that is due keeps its property, and is not delayed again.
  { origins: ['send', 'send-back'], marks: marksOf('delayLevel'), apply: delayLevel },
]

/** A message that its group had as often as it may goes to the dead letters, at once. */
function deadLetter(message: StoreMessage, { redeliveriesMax }: TransformRules): StoreMessage {
  const { topic, reconsumeTimes } = message
  if (reconsumeTimes <= redeliveriesMax || !topic.startsWith(retryTopicPrefix)) return message
  return {
    ...message,
    handle: undefined,
    topic: deadLetterTopicOf(topic.slice(retryTopicPrefix.length)),
    queueId: 0,
    properties: changed(message, { [propertyName.delayLevel]: undefined }),
  }
}

/**
 * A message with a delay level goes to the topic of delayed messages, with a queue for each level; its real topic and
 * queue travel as properties. Levels above the highest count as the highest.
 */
function delayLevel(message: StoreMessage, { highestDelayLevel }: TransformRules): StoreMessage {
  const asked = delayLevelOf(message.properties)
  if (asked === undefined) return message
  const level = Math.min(asked, highestDelayLevel)
  return {
    ...message,
    handle: undefined,
    topic: scheduleTopic,
    queueId: level - 1,
    properties: changed(message, {
      [propertyName.delayLevel]: String(level),
      [propertyName.realTopic]: message.topic,
      [propertyName.realQueueId]: String(message.queueId),
    }),
  }
}

/** The delay level that a message asks for, 1 or more; undefined for none. */
export function delayLevelOf(properties: EncodedProperties): number | undefined {
  const text = properties.value('delayLevel')
  if (text === undefined) return undefined
  const level = decimalInteger(text)
  return level > 0 ? level : undefined
}

function changed(
  { properties }: StoreMessage,
  values: Readonly<Record<string, string | undefined>>,
): EncodedProperties {
  return EncodedProperties.ofText(withProperties(properties.text, values))
}
