import { decimalInteger } from '../decimal-integer.ts'
import type { EncodedProperties } from '../text/index.ts'
import { isLightQueue, lightQueuePrefix } from './topic-names.ts'

const separator = ','

/** Where a message stands in a light queue. */
export interface LightPlace {
  name: string
  queueOffset: number
}

/**
 * Where a message says that it stands in light queues: INNER_MULTI_DISPATCH names them, INNER_MULTI_QUEUE_OFFSET has its
 * offsets in the same order. A name that it has several times counts once; what no broker writes is left out.
 */
export function lightPlacesIn(properties: EncodedProperties): LightPlace[] {
  const names = lightQueueNames(properties.value('multiDispatch') ?? '')
  const offsets = (properties.value('multiQueueOffset') ?? '').split(separator)
  if (names.length !== offsets.length) return []
  const places: LightPlace[] = []
  const seen = new Set<string>()
  for (const [index, name] of names.entries()) {
    const queueOffset = decimalInteger(offsets[index]!)
    if (!isLightQueue(name) || !Number.isSafeInteger(queueOffset) || queueOffset < 0 || seen.has(name)) continue
    seen.add(name)
    places.push({ name, queueOffset })
  }
  return places
}

/** The names in INNER_MULTI_DISPATCH, as often as it has them. */
export function lightQueueNames(value: string): string[] {
  const names = value.split(separator)
  // Java's `split` drops what is empty at the end.
  while (names.length > 0 && names.at(-1) === '') names.pop()
  return names
}

/** The value of INNER_MULTI_QUEUE_OFFSET. */
export function formatLightOffsets(offsets: readonly number[]): string {
  return offsets.join(separator)
}

const liteSeparator = '$'
const litePrefix = `${lightQueuePrefix}${liteSeparator}`
const liteTopicPattern = /^[A-Za-z0-9_-]{1,64}$/

/** A lite topic: one of very many of an ordinary topic, each with a light queue of its own. */
export interface LiteTopic {
  parentTopic: string
  liteTopic: string
}

/** The light queue of a lite topic: `%LMQ%$parent$lite`. */
export function liteQueueOf(parentTopic: string, liteTopic: string): string {
  return liteQueuePrefixOf(parentTopic) + liteTopic
}

/** What the names of the light queues of a topic's lite topics begin with, and no others. */
export function liteQueuePrefixOf(parentTopic: string): string {
  return `${litePrefix}${parentTopic}${liteSeparator}`
}

export function isLiteQueue(name: string): boolean {
  return name.startsWith(litePrefix)
}

/** The lite topic of a light queue, or undefined when it is the queue of none. */
export function liteTopicOf(queue: string): LiteTopic | undefined {
  if (!isLiteQueue(queue)) return undefined
  const [parentTopic = '', liteTopic = '', ...rest] = queue.slice(litePrefix.length).split(liteSeparator)
  return parentTopic === '' || liteTopic === '' || rest.length > 0 ? undefined : { parentTopic, liteTopic }
}

/** What is wrong with the name of a lite topic, by the rule of RocketMQ's proxy; undefined for nothing. */
export function liteTopicProblem(liteTopic: string): string | undefined {
  if (liteTopicPattern.test(liteTopic)) return undefined
  return `"${liteTopic.slice(0, 64)}" cannot name a lite topic: give 1 to 64 letters, digits, "_" or "-"`
}
