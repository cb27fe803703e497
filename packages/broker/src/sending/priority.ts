import { decimalInteger, EncodedProperties, findMessageProperty, marksOf, propertyName } from '@rocketmq-ts/protocol'
import { withProperties } from '../intake/property-text.ts'

const int32Max = 0x7fffffff
/** What a message has that is delivered later or with others of its kind: it has no priority beside that. */
const otherKinds = marksOf('transactionPrepared', 'delayLevel', 'timerDelaySec', 'timerDelayMs', 'timerDeliverMs')

/** The priority that a message has among its properties, 0 or more; undefined for none. */
export function priorityIn(text: string): number | undefined {
  const value = findMessageProperty(text, propertyName.priority)
  if (value === undefined) return undefined
  const priority = decimalInteger(value)
  return priority >= 0 && priority <= int32Max ? priority : undefined
}

/** The queue of a priority: each has one of its own, as far as there are queues. */
export function queueOfPriority(priority: number, queueNums: number): number {
  return Math.min(priority, queueNums - 1)
}

/**
 * Where a message goes that has a priority: to the queue of that, whatever queue was asked for. One of another kind,
 * delayed or in an order of its own, loses its priority.
 * @param properties with the mark of a priority
 * @param queueNums to write to, of its topic
 * @param isRetry its topic is one of redeliveries, which are delayed and keep their priority
 * @returns undefined for a queue: the one that was asked for
 */
export function placedByPriority(
  properties: EncodedProperties,
  queueNums: number,
  isRetry: boolean,
): { queueId: number | undefined; properties: EncodedProperties } {
  const { text } = properties
  const priority = priorityIn(text)
  if (priority === undefined || queueNums <= 0) return { queueId: undefined, properties }
  const isOtherKind = properties.hasAny(otherKinds) || findMessageProperty(text, propertyName.shardingKey) !== undefined
  if (isRetry || !isOtherKind) return { queueId: queueOfPriority(priority, queueNums), properties }
  const without = EncodedProperties.ofText(withProperties(text, { [propertyName.priority]: undefined }))
  return { queueId: undefined, properties: without }
}
