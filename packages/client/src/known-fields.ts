import { nearestWord } from '@rocketmq-ts/base'
import { invalidArgument } from './rocketmq-error.ts'

/** Of longer names the beginning is compared. */
const comparedLengthMax = 100

/**
 * The names of an interface's fields.
 * @param fields each of them: the compiler finds one that is missing, and one that is too many
 */
export function knownFields<Type>(fields: Readonly<Record<keyof Type, true>>): ReadonlySet<string> {
  return new Set(Object.keys(fields))
}

/** @param functions that were given, by the names of their fields @throws RocketMQError INVALID_ARGUMENT */
export function checkFunctions(functions: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(functions)) {
    if (value !== undefined && typeof value !== 'function')
      throw invalidArgument(`${name} is ${value}: give a function`)
  }
}

/**
 * A field that nobody knows would be passed over: a message with `delay: '1h'` would be delivered at once.
 * @param what the object, as the error names it
 * @throws RocketMQError INVALID_ARGUMENT with the name that was probably meant, and when it is no object
 */
export function refuseUnknownFields(what: string, given: object, known: ReadonlySet<string>): void {
  if (typeof given !== 'object' || given === null)
    throw invalidArgument(`${given} is given for ${what}: give an object`)
  for (const name in given) {
    if (known.has(name) || given[name as keyof typeof given] === undefined) continue
    const nearest = nearestWord(name.slice(0, comparedLengthMax), known)
    const hint = nearest === undefined ? `there are ${[...known].join(', ')}` : `did you mean ${nearest}?`
    throw invalidArgument(`${what} has no field ${name}: ${hint}`)
  }
}
