import type { Namespace } from '../connection/namespace.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { invalidArgument } from '../rocketmq-error.ts'
import type { LiteGroupSettings } from './descriptions.ts'

const fields = knownFields<LiteGroupSettings>({
  topic: true,
  exclusive: true,
  wildcard: true,
  subscriptionsMax: true,
  eventsMax: true,
  resetWhenTakenOver: true,
  resetOnUnsubscribe: true,
})

const bindTopic = 'lite.bind.topic'
const model = 'lite.sub.model'

/** The attributes that are numbers, with the least value that they may have. */
const numbers = [
  ['subscriptionsMax', 'lite.sub.client.quota', -1],
  ['eventsMax', 'lite.sub.client.max.event.cnt', 10],
] as const

const switches = [
  ['wildcard', 'lite.sub.wildcard'],
  ['resetWhenTakenOver', 'lite.sub.reset.offset.exclusive'],
  ['resetOnUnsubscribe', 'lite.sub.reset.offset.unsubscribe'],
] as const

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkLiteGroup(settings: LiteGroupSettings): void {
  refuseUnknownFields('lite', settings, fields)
  for (const [name, , least] of numbers) {
    const value = settings[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
      throw invalidArgument(`${name} is ${value}: give a whole number of at least ${least}`)
    }
  }
}

/** Attributes as they are told to brokers to be changed: each name has a plus sign. */
export function liteChanges(settings: LiteGroupSettings | undefined, namespace: Namespace): Map<string, string> {
  const changes = new Map<string, string>()
  if (settings === undefined) return changes
  const { topic, exclusive } = settings
  if (topic !== undefined) changes.set(`+${bindTopic}`, namespace.wrap(topic))
  if (exclusive !== undefined) changes.set(`+${model}`, exclusive ? 'Exclusive' : 'Shared')
  for (const [name, attribute] of [...numbers, ...switches]) {
    if (settings[name] !== undefined) changes.set(`+${attribute}`, String(settings[name]))
  }
  return changes
}

/** What a group's attributes say about lite topics; undefined when it consumes none. */
export function liteSettingsOf(
  attributes: ReadonlyMap<string, string>,
  namespace: Namespace,
): LiteGroupSettings | undefined {
  const topic = attributes.get(bindTopic)
  if (topic === undefined || topic === '') return undefined
  const number = (attribute: string): number | undefined => {
    const text = attributes.get(attribute)
    return text === undefined ? undefined : Number(text)
  }
  const isOn = (attribute: string): boolean => attributes.get(attribute)?.toLowerCase() === 'true'
  return {
    topic: namespace.unwrap(topic),
    exclusive: attributes.get(model) === 'Exclusive',
    wildcard: isOn('lite.sub.wildcard'),
    subscriptionsMax: number('lite.sub.client.quota'),
    eventsMax: number('lite.sub.client.max.event.cnt'),
    resetWhenTakenOver: isOn('lite.sub.reset.offset.exclusive'),
    resetOnUnsubscribe: isOn('lite.sub.reset.offset.unsubscribe'),
  }
}
