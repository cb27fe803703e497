import { JsonError, type JsonValue, parseJson, shown, type Writable } from '../../json/index.ts'
import { BodyError } from '../body-error.ts'
import { INT_MAX, INT_MIN } from './scalars.ts'
import { at, present, type Shape } from './shape.ts'

/** A list, in its order. */
export function list<T>(item: Shape<T>): Shape<T[]> {
  return {
    decode: (value) => itemsOf(value).map((each, index) => at(index, () => item.decode(each))),
    encode: (values) => values.map((each, index) => at(index, () => item.encode(each))),
  }
}

/** A Java set of texts or numbers: a list without repetitions, in the order of their first appearance. */
export function distinct<T extends string | number>(item: Shape<T>): Shape<T[]> {
  const plain = list(item)
  return {
    decode: (value) => [...new Set(plain.decode(value))],
    encode: (values) => plain.encode(values),
  }
}

/** A table keyed by names that users choose; a `Map`, so that no name (`__proto__`) is special. Null entries are absent. */
export function nameTable<T>(item: Shape<T>): Shape<Map<string, T>> {
  return {
    decode(value) {
      const table = new Map<string, T>()
      for (const [key, each] of entriesOf(value)) {
        if (typeof key !== 'string') throw new BodyError('has an object as a key where names are meant')
        if (each === null) continue
        table.set(
          key,
          at(key, () => item.decode(each)),
        )
      }
      return table
    },
    encode(values) {
      const table = new Map<string, Writable>()
      for (const [key, each] of values)
        table.set(
          key,
          at(key, () => item.encode(each)),
        )
      return table
    },
  }
}

/** A table keyed by a Java `int`, such as queue ids; see `longTable`. */
export function intTable<T>(item: Shape<T>): Shape<Map<number, T>> {
  return integerTable(item, (key) => key >= INT_MIN && key <= INT_MAX, 'an integer of 32 bits')
}

/**
 * A table keyed by a Java `long`, such as broker ids, in the safe range. Keys are read with and without quotes, and
 * written by the dialect's rule, in their order.
 */
export function longTable<T>(item: Shape<T>): Shape<Map<number, T>> {
  return integerTable(item, Number.isSafeInteger, 'a safe integer')
}

function integerTable<T>(item: Shape<T>, fits: (key: number) => boolean, meant: string): Shape<Map<number, T>> {
  const keyOf = (key: JsonValue): number => {
    const number = typeof key === 'string' && /^-?[0-9]{1,16}$/.test(key) ? Number(key) : Number.NaN
    if (!fits(number)) throw new BodyError(`has the key ${shown(key)} where ${meant} is meant`)
    return number
  }
  return {
    decode(value) {
      const table = new Map<number, T>()
      for (const [key, each] of entriesOf(value)) {
        const number = keyOf(key)
        if (each === null) continue
        table.set(
          number,
          at(number, () => item.decode(each)),
        )
      }
      return table
    },
    encode(values) {
      const table = new Map<number, Writable>()
      for (const [key, each] of [...values].sort(([left], [right]) => left - right)) {
        const number = keyOf(String(key))
        table.set(
          number,
          at(number, () => item.encode(each)),
        )
      }
      return table
    },
  }
}

/**
 * A table keyed by objects (`{{"topic":"T"}:1}`), as a list of entries. Read as well: keys that are the text of such
 * an object in quotes. Of equal keys every entry is kept.
 */
export function objectTable<K, V>(keyShape: Shape<K>, item: Shape<V>): Shape<[key: K, value: V][]> {
  return {
    decode: (value) =>
      entriesOf(value).map(([key, each], index) =>
        at(index, () => [keyShape.decode(objectKeyOf(key)), item.decode(each)]),
      ),
    encode: (values) =>
      new Map(
        values.map(([key, each], index) => at(index, () => [keyShape.encode(key) as object, item.encode(each)])),
      ) as Writable,
  }
}

function objectKeyOf(key: JsonValue): JsonValue {
  if (typeof key !== 'string') return key
  try {
    return parseJson(key)
  } catch (error) {
    if (error instanceof JsonError) throw new BodyError(`has the key ${shown(key)} where an object is meant`)
    throw error
  }
}

function itemsOf(value: JsonValue | undefined): JsonValue[] {
  const given = present(value)
  if (!Array.isArray(given)) throw new BodyError(`must be a list, is ${shown(given)}`)
  return given
}

function entriesOf(value: JsonValue | undefined): [JsonValue, JsonValue][] {
  const given = present(value)
  if (given instanceof Map) return [...given]
  if (typeof given !== 'object' || Array.isArray(given)) throw new BodyError(`must be an object, is ${shown(given)}`)
  return Object.entries(given)
}
