import path from 'node:path'

/**
 * Makes paths in settings absolute, resolved from the current folder.
 *
 * @param keys the settings that are paths
 */
export function withAbsolutePaths<Values, Key extends keyof Values>(
  values: Values & Readonly<Record<Key, string>>,
  keys: readonly Key[],
): Values {
  return { ...values, ...Object.fromEntries(keys.map((key) => [key, path.resolve(values[key])])) }
}
