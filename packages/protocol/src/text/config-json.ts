import { type Writable, writeJson } from '../json/index.ts'

/**
 * Writes JSON as RocketMQ's own configuration files are written (wire formats, section 6): indented by tabs, no blank
 * after a colon, keys sorted, integer map keys without quotes. The official broker reads it; so does `parseJson`.
 */
export function formatConfigJson(value: Writable): string {
  return writeJson(value, { keys: 'raw', sortTables: true, pretty: true })
}
