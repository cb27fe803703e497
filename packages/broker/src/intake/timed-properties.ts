import { EncodedProperties, marksOf, propertyName } from '@rocketmq-ts/protocol'
import { encodedProperty, withProperties } from './property-text.ts'

/** Properties that messages get, and of which many get the same. */
export interface SharedProperties {
  /** As `marksOf` gives them. */
  readonly marks: number
  readonly values: Readonly<Record<string, string>>
  readonly encoded: EncodedProperties
}

/** @param marks of all that have values */
export function sharedProperties(marks: number, values: Readonly<Record<string, string>>): SharedProperties {
  const text = Object.entries(values)
    .map(([name, value]) => encodedProperty(name, value))
    .join('')
  // Memory of its own: it may be used for long.
  return { marks, values, encoded: new EncodedProperties(Buffer.from(text)) }
}

/** Sets shared properties. The usual case, none of them present, only copies bytes. */
export function withShared(properties: EncodedProperties, { marks, values, encoded }: SharedProperties) {
  if (!properties.hasAny(marks)) return properties.joinedWith(encoded)
  return EncodedProperties.ofText(withProperties(properties.text, values))
}

const placeMarks = marksOf('timerOutMs', 'realTopic', 'realQueueId')
const sharedMax = 64

/** What was used lately, by topic and by queue, for each time. */
const lately = new Map<number, Map<string, SharedProperties[]>>()
let latelyCount = 0

/**
 * What a message has in the topic of the timer beside its own properties. Messages of one topic that wait for the same
 * slot have the same.
 * @param outMs milliseconds since 1970 at which the slot begins
 */
export function timedPlace(outMs: number, topic: string, queueId: number): SharedProperties {
  const known = lately.get(outMs)?.get(topic)?.[queueId]
  if (known !== undefined) return known
  if (latelyCount >= sharedMax) {
    lately.clear()
    latelyCount = 0
  }
  const made = sharedProperties(placeMarks, {
    [propertyName.timerOutMs]: String(outMs),
    [propertyName.realTopic]: topic,
    [propertyName.realQueueId]: String(queueId),
  })
  const topics = lately.get(outMs) ?? new Map<string, SharedProperties[]>()
  const queues = topics.get(topic) ?? []
  lately.set(outMs, topics)
  topics.set(topic, queues)
  queues[queueId] = made
  latelyCount++
  return made
}
