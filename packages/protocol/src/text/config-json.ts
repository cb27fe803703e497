import { type JsonStyle, type Writable, writeJson } from '../json/index.ts'

const configStyle: JsonStyle = { keys: 'raw', sortTables: true, pretty: true }

/**
 * Writes JSON as RocketMQ's own configuration files are written: indented by tabs, no blank
 * after a colon, keys sorted, integer map keys without quotes. The official broker reads it; so does `parseJson`.
 * @param depth how deep in the file the value stands, where it is not the whole
 */
export function formatConfigJson(value: Writable, depth = 0): string {
  return writeJson(value, configStyle, depth)
}
