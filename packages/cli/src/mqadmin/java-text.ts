import { javaStringHash } from '@rocketmq-ts/protocol'

/** Columns: `%-32s` is padded behind, `%4s` before; `%04d` with zeros. */
export function formatted(format: string, ...values: readonly unknown[]): string {
  let index = 0
  return format.replaceAll(/%(-?)(0?)(\d*)([sd])/g, (_, left: string, zero: string, width: string) => {
    const text = String(values[index++])
    const length = Number(width || 0)
    if (left !== '') return text.padEnd(length)
    return text.padStart(length, zero === '' ? ' ' : '0')
  })
}

/** `2026-11-27 15:30:01,968`, in this machine's time zone, as the official tools have it. */
export function localTime(ms: number): string {
  return `${localSeconds(ms)},${String(new Date(ms).getMilliseconds()).padStart(3, '0')}`
}

export function localSeconds(ms: number): string {
  const date = new Date(ms)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** A number as Java writes a double, where it needs no exponent. */
export function double(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value)
}

/**
 * Entries in the order of a hash table of Java whose keys are texts.
 * @param least places that the table was made with, a power of 2
 */
export function hashOrder<Value>(
  entries: Iterable<readonly [key: string, value: Value]>,
  least = 16,
): [string, Value][] {
  const all = [...entries].map(([key, value]): [string, Value] => [key, value])
  let capacity = least
  while (all.length > capacity * 0.75) capacity *= 2
  const bucket = (key: string): number => {
    const hash = javaStringHash(key)
    return (hash ^ (hash >>> 16)) & (capacity - 1)
  }
  return all.sort(([one], [other]) => bucket(one) - bucket(other))
}

/** `{a=1, b=2}` */
export function javaMap(entries: Iterable<readonly [key: string, value: string]>, least = 16): string {
  return `{${hashOrder(entries, least)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')}}`
}

export type PrettyValue =
  | string
  | number
  | boolean
  | readonly PrettyValue[]
  | PrettyObject
  | ReadonlyMap<number, string | number>
export interface PrettyObject {
  readonly [key: string]: PrettyValue | undefined
}

/** JSON as the official tools print it: a tab a level, keys in order, numbers as keys without quotes. */
export function prettyJson(value: PrettyValue, level = 0): string {
  const tabs = '\t'.repeat(level)
  if (isList(value)) {
    if (value.length === 0) return '[]'
    return `[\n${value.map((item) => `${tabs}\t${prettyJson(item, level + 1)}`).join(',\n')}\n${tabs}]`
  }
  if (typeof value !== 'object') return JSON.stringify(value)
  const entries: [key: string, value: PrettyValue][] = []
  if (value instanceof Map) for (const [key, item] of value) entries.push([String(key), item])
  else {
    for (const [key, item] of Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))) {
      if (item !== undefined) entries.push([JSON.stringify(key), item as PrettyValue])
    }
  }
  if (entries.length === 0) return '{}'
  return `{\n${entries.map(([key, item]) => `${tabs}\t${key}:${prettyJson(item, level + 1)}`).join(',\n')}\n${tabs}}`
}

function isList(value: PrettyValue): value is readonly PrettyValue[] {
  return Array.isArray(value)
}

const knownOrdinal = 401
/** 4.9.4, whose number in RocketMQ's list of versions is the known one. */
const knownVersion = 494

/** `V5_5_0` of a client's number: from 4.x on each version has two, a snapshot and itself. */
export function versionName(ordinal: number): string {
  const steps = Math.floor((ordinal - (knownOrdinal - 1)) / 2)
  const version = knownVersion + steps
  if (version < 400 || version > 599) return `V_${ordinal}`
  const name = `V${Math.floor(version / 100)}_${Math.floor(version / 10) % 10}_${version % 10}`
  return ordinal % 2 === knownOrdinal % 2 ? name : `${name}_SNAPSHOT`
}

/** `RW-`: what may be done in a topic. */
export function permissionText(bits: number): string {
  return `${(bits & 4) === 0 ? '-' : 'R'}${(bits & 2) === 0 ? '-' : 'W'}${(bits & 1) === 0 ? '-' : 'X'}`
}
