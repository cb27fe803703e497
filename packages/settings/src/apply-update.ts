import { checkProperties, type OtherKnownKeys, type Properties, warnOfNotServed } from './check-properties.ts'
import { isComputed, type SettingsOf, type SettingsTable } from './setting.ts'
import { describeProblem } from './settings-error.ts'

export interface ApplyUpdateOptions {
  /** Keys that may not be changed while the process runs. */
  blackList: readonly string[]
  /** Keys that RocketMQ knows beside the table. */
  otherKnownKeys?: OtherKnownKeys
}

/** What became of an update. A rejected one changes nothing. */
export type SettingsUpdate<Values> =
  | { readonly outcome: 'black-listed'; readonly keys: readonly string[]; readonly message: string }
  | { readonly outcome: 'bad-values'; readonly keys: readonly string[]; readonly message: string }
  | {
      readonly outcome: 'updated'
      readonly values: Values
      /** Keys whose value differs from before. */
      readonly changedKeys: readonly string[]
      /** Those of the changed keys that act at the next start only. */
      readonly restartKeys: readonly string[]
      readonly warnings: readonly string[]
    }

/**
 * Changes settings of a running process (UPDATE_BROKER_CONFIG 25, UPDATE_NAMESRV_CONFIG 318).
 *
 * @param current the values so far; they are left as they are
 * @param changes the properties in the body of the request
 */
export function applyUpdate<Table extends SettingsTable>(
  table: Table,
  current: SettingsOf<Table>,
  changes: Properties,
  options: ApplyUpdateOptions,
): SettingsUpdate<SettingsOf<Table>> {
  const keys = changes instanceof Map ? [...changes.keys()] : Object.keys(changes)
  const blackListed = keys.filter((key) => options.blackList.includes(key))
  if (blackListed.length > 0) {
    const message = `${blackListed.join(', ')}: configBlackList does not allow to change this while running`
    return { outcome: 'black-listed', keys: blackListed, message }
  }
  const { values, problems, warnings } = checkProperties(table, changes, () => 'update', options.otherKnownKeys)
  if (problems.length > 0) {
    const message = problems.map(describeProblem).join('\n')
    return { outcome: 'bad-values', keys: problems.map(({ key }) => key), message }
  }
  const before: Readonly<Record<string, unknown>> = current
  const changedKeys = [...values.keys()].filter((key) => {
    const { type } = table[key]!
    return type.format(values.get(key)) !== type.format(before[key])
  })
  for (const key of changedKeys) {
    const { default: initial } = table[key]!
    const warning = warnOfNotServed(table, key, values.get(key), isComputed(initial) ? before[key] : initial)
    if (warning !== undefined) warnings.push(`update: ${warning}`)
  }
  return {
    outcome: 'updated',
    values: { ...current, ...Object.fromEntries(values) } as SettingsOf<Table>,
    changedKeys,
    restartKeys: changedKeys.filter((key) => table[key]!.effect === 'restart' && table[key]!.status === 'applied'),
    warnings,
  }
}
