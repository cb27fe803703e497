import { nearestWord } from '@rocketmq-ts/base'
import type { SettingsTable } from './setting.ts'
import type { SettingProblem } from './settings-error.ts'

/** Keys and values of a .properties text. */
export type Properties = ReadonlyMap<string, string> | Readonly<Record<string, string>>

/** Keys of RocketMQ that a table leaves out, with their defaults as text: they are known, but have no effect. */
export type OtherKnownKeys = ReadonlyMap<string, string>

/** The result of checking properties, before defaults are added. */
export interface CheckedProperties {
  /** Usable values by key. */
  readonly values: Map<string, unknown>
  readonly problems: SettingProblem[]
  /** Sentences for the user: unknown keys, values that were changed. */
  readonly warnings: string[]
}

/**
 * Reads the text of each value by the table.
 *
 * @param sourceOf where a key was set, for messages
 */
export function checkProperties(
  table: SettingsTable,
  properties: Properties,
  sourceOf: (key: string) => string,
  otherKnownKeys: OtherKnownKeys = new Map(),
): CheckedProperties {
  const checked: CheckedProperties = { values: new Map(), problems: [], warnings: [] }
  for (const [key, raw] of propertyEntries(properties)) {
    const source = sourceOf(key)
    const value = raw.trim()
    const setting = Object.hasOwn(table, key) ? table[key] : undefined
    if (setting === undefined) {
      const warning = warnOfKey(key, value, table, otherKnownKeys)
      if (warning !== undefined) checked.warnings.push(`${source}: ${warning}`)
      continue
    }
    const { type } = setting
    const parsed = type.parse(value)
    if (!parsed.ok) {
      checked.problems.push({ key, value, allowed: type.allowed, reason: parsed.reason, source })
      continue
    }
    checked.values.set(key, parsed.value)
    if (parsed.note !== undefined) checked.warnings.push(`${source}: ${key}=${value} ${parsed.note}`)
  }
  return checked
}

function propertyEntries(properties: Properties): Iterable<readonly [string, string]> {
  return properties instanceof Map ? properties : Object.entries(properties)
}

function warnOfKey(key: string, value: string, table: SettingsTable, others: OtherKnownKeys): string | undefined {
  if (others.get(key) === value) return undefined
  if (others.has(key)) return `${key} has no effect: it is a setting of RocketMQ that is not served`
  const nearest = nearestWord(key, [...Object.keys(table), ...others.keys()])
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  return `${key} is not a known setting and has no effect${hint}`
}

/** A warning when a key without effect has another value than its default. */
export function warnOfNotServed(
  table: SettingsTable,
  key: string,
  value: unknown,
  defaultValue: unknown,
): string | undefined {
  const { status, type } = table[key]!
  if (status === 'applied' || type.format(value) === type.format(defaultValue)) return undefined
  return `${key}=${type.format(value)} has no effect: ${status.notServed}`
}
