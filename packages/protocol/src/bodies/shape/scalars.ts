import { JsonDouble, type JsonValue, shown } from '../../json/index.ts'
import { LONG_MAX, LONG_MIN } from '../../json/json-value.ts'
import { BodyError } from '../body-error.ts'
import { present, type Shape } from './shape.ts'

export const INT_MIN = -0x80000000
export const INT_MAX = 0x7fffffff

/** Text. Numbers and booleans are taken as their text, as the Java peers do. */
export const text: Shape<string> = {
  decode(value) {
    const given = present(value)
    if (typeof given === 'string') return given
    if (typeof given === 'object') throw new BodyError(`must be text, is ${shown(given)}`)
    return String(given)
  },
  encode: (value) => value,
}

export const flag: Shape<boolean> = {
  decode(value) {
    const given = present(value)
    if (given === true || given === 1 || given === 'true') return true
    if (given === false || given === 0 || given === 'false') return false
    throw new BodyError(`must be true or false, is ${shown(given)}`)
  },
  encode: (value) => value,
}

/** A Java `int`. */
export const int: Shape<number> = {
  decode(value) {
    const given = present(value)
    const number = integerOf(given)
    if (number === undefined || number < INT_MIN || number > INT_MAX) {
      throw new BodyError(`must be an integer of 32 bits, is ${shown(given)}`)
    }
    return Number(number)
  },
  encode(value) {
    if (!Number.isInteger(value) || value < INT_MIN || value > INT_MAX) {
      throw new BodyError(`must be an integer of 32 bits, is ${value}`)
    }
    return value
  },
}

/**
 * A Java `long` as a `number`. The ends of the safe range stand for the ends of `long`: what lies outside the safe
 * range becomes `Number.MAX_SAFE_INTEGER` or `Number.MIN_SAFE_INTEGER`, and these two are written as Long.MAX_VALUE and
 * Long.MIN_VALUE ("for ever", "never"), which are the only such values that occur. Use `exactLong` where all 64 bits count.
 */
export const long: Shape<number> = {
  decode(value) {
    const exact = decodeLong(value)
    if (exact > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER
    if (exact < Number.MIN_SAFE_INTEGER) return Number.MIN_SAFE_INTEGER
    return Number(exact)
  },
  encode(value) {
    if (!Number.isSafeInteger(value)) throw new BodyError(`must be a safe integer, is ${value}`)
    if (value === Number.MAX_SAFE_INTEGER) return LONG_MAX
    if (value === Number.MIN_SAFE_INTEGER) return LONG_MIN
    return value
  },
}

/** A Java `long` with all its bits: a `bigint` outside the safe range of `number`, else a `number`. */
export const exactLong: Shape<number | bigint> = {
  decode: decodeLong,
  encode(value) {
    const fits = typeof value === 'bigint' ? value >= LONG_MIN && value <= LONG_MAX : Number.isSafeInteger(value)
    if (!fits) throw new BodyError(`must be an integer of 64 bits, is ${value}`)
    return value
  },
}

/** A Java `double`, written with a fraction always. */
export const double: Shape<number> = {
  decode(value) {
    const given = present(value)
    const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
    if (typeof number === 'bigint') return Number(number)
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      throw new BodyError(`must be a number, is ${shown(given)}`)
    }
    return number
  },
  encode: (value) => new JsonDouble(value),
}

/**
 * A Java enum: its name, in any case; or its ordinal, as the C++ client sends it.
 *
 * @param names in the order of their ordinals
 */
export function oneOf<const Name extends string>(...names: readonly Name[]): Shape<Name> {
  const byUpperCase = new Map(names.map((name, ordinal) => [name.toUpperCase(), ordinal]))
  return {
    decode(value) {
      const given = present(value)
      const ordinal = typeof given === 'string' ? (byUpperCase.get(given.toUpperCase()) ?? integerOf(given)) : given
      const name = typeof ordinal === 'number' ? names[ordinal] : undefined
      if (name === undefined) throw new BodyError(`must be one of ${names.join(', ')}, is ${shown(given)}`)
      return name
    },
    encode: (value) => value,
  }
}

function decodeLong(value: JsonValue | undefined): number | bigint {
  const given = present(value)
  const number = integerOf(given)
  if (number === undefined) throw new BodyError(`must be an integer of 64 bits, is ${shown(given)}`)
  return number
}

/** Integers, integers in quotes, and numbers with an empty fraction; undefined for anything else. */
function integerOf(value: JsonValue): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value === 'bigint') return value
  if (typeof value !== 'string' || !/^-?[0-9]{1,19}$/.test(value)) return undefined
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  const exact = BigInt(value)
  return exact >= LONG_MIN && exact <= LONG_MAX ? exact : undefined
}
