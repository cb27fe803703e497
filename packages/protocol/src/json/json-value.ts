/** An object of the text whose keys are all strings or bare words. */
export interface JsonObject {
  [key: string]: JsonValue
}

/**
 * An object of the text that has at least one object (or array) as a key, as the Java peers write a map keyed by
 * message queues. Keys that were objects are compared by identity; keys that were words or numbers are strings.
 */
export type JsonObjectKeyed = Map<JsonValue, JsonValue>

/**
 * What the parser returns. Integers outside the safe range of `number` come out as `bigint`, exactly; all other
 * numbers are `number`.
 */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject | JsonObjectKeyed

/** A number that Java declares as `double`: written with a fraction or an exponent always (`0.0`, `1.0E7`). */
export class JsonDouble {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A map for the writers; the type of a key decides how it is written (see `writeJson`). */
export type JsonTable = ReadonlyMap<string | number | bigint | WritableObject, Writable>

/** An object for the writers: its fields are written in the order of their names, absent and null ones are not. */
export interface WritableObject {
  readonly [key: string]: Writable
}

/** What the writers take. */
export type Writable =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | JsonDouble
  | readonly Writable[]
  | JsonTable
  | JsonObjectKeyed
  | WritableObject

export const LONG_MAX = 9223372036854775807n
export const LONG_MIN = -9223372036854775808n
