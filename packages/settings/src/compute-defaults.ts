import { assert } from '@rocketmq-ts/base'
import type { SettingsEnvironment } from './environment.ts'
import { type ComputeContext, isComputed, type SettingsTable } from './setting.ts'

/**
 * Resolves the values of settings, with defaults where none was given. A computed default may depend on other settings,
 * which are computed first.
 *
 * @param given values that were set
 */
export function settingResolver(
  table: SettingsTable,
  given: ReadonlyMap<string, unknown>,
  environment: SettingsEnvironment,
): { value(key: string): unknown; defaultValue(key: string): unknown } {
  const computing = new Set<string>()
  const context: ComputeContext = {
    ...environment,
    textOf: (key) => table[key]!.type.format(value(key)),
    numberOf(key) {
      const number = value(key)
      assert(typeof number === 'number', `${key} is not a number`)
      return number
    },
  }
  function value(key: string): unknown {
    return given.has(key) ? given.get(key) : defaultValue(key)
  }
  function defaultValue(key: string): unknown {
    const setting = table[key]
    assert(setting !== undefined, `no setting is called ${key}`)
    if (!isComputed(setting.default)) return setting.default
    assert(!computing.has(key), `the default of ${key} depends on itself`)
    computing.add(key)
    try {
      return setting.default.compute(context)
    } finally {
      computing.delete(key)
    }
  }
  return { value, defaultValue }
}
