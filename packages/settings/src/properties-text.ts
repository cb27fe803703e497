import { formatJavaProperties } from '@rocketmq-ts/protocol'
import type { SettingsOf, SettingsTable } from './setting.ts'

/**
 * All values as `key=value` lines in the order of the table (answers of GET_BROKER_CONFIG 26, GET_NAMESRV_CONFIG 319).
 * The text is a valid .properties file.
 */
export function toPropertiesText<Table extends SettingsTable>(table: Table, values: SettingsOf<Table>): string {
  return Object.keys(table)
    .map((key) => propertyLine(table, values, key))
    .join('')
}

/** The line of one setting. */
export function propertyLine<Table extends SettingsTable>(
  table: Table,
  values: SettingsOf<Table>,
  key: string,
): string {
  return formatJavaProperties([[key, table[key]!.type.format(values[key])]])
}
