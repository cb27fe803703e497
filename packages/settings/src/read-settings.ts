import { checkProperties, type OtherKnownKeys, type Properties, warnOfNotServed } from './check-properties.ts'
import { settingResolver } from './compute-defaults.ts'
import type { SettingsEnvironment } from './environment.ts'
import type { SettingsOf, SettingsTable } from './setting.ts'
import { SettingsError } from './settings-error.ts'

export interface ReadSettingsOptions {
  /** Where the properties come from, for messages: a file name, or a function that gives it for each key. */
  source: string | ((key: string) => string)
  environment: SettingsEnvironment
  /** Keys that RocketMQ knows beside the table. */
  otherKnownKeys?: OtherKnownKeys
}

/** Values of all settings of a table, and warnings for the user. */
export interface SettingsResult<Values> {
  readonly values: Values
  readonly warnings: readonly string[]
}

/**
 * Reads settings from properties. Settings that are left out have their defaults.
 *
 * @throws SettingsError when a value cannot be used; it lists all of them
 */
export function readSettings<Table extends SettingsTable>(
  table: Table,
  properties: Properties,
  options: ReadSettingsOptions,
): SettingsResult<SettingsOf<Table>> {
  const { source } = options
  const sourceOf = typeof source === 'string' ? () => source : source
  const { values, problems, warnings } = checkProperties(table, properties, sourceOf, options.otherKnownKeys)
  if (problems.length > 0) throw new SettingsError(problems)
  const resolver = settingResolver(table, values, options.environment)
  for (const [key, value] of values) {
    const warning = warnOfNotServed(table, key, value, resolver.defaultValue(key))
    if (warning !== undefined) warnings.push(`${sourceOf(key)}: ${warning}`)
  }
  const all = Object.keys(table).map((key) => [key, resolver.value(key)])
  return { values: Object.fromEntries(all) as SettingsOf<Table>, warnings }
}
