import type { SettingsOf, SettingsTable } from './setting.ts'

/**
 * All values as `key=value` lines in the order of the table (answers of GET_BROKER_CONFIG 26, GET_NAMESRV_CONFIG 319).
 * The text is a valid .properties file.
 */
export function toPropertiesText<Table extends SettingsTable>(table: Table, values: SettingsOf<Table>): string {
  return Object.keys(table)
    .map((key) => `${propertyLine(table, values, key)}\n`)
    .join('')
}

/** The line of one setting, without its end. */
export function propertyLine<Table extends SettingsTable>(
  table: Table,
  values: SettingsOf<Table>,
  key: string,
): string {
  return `${key}=${escapeValue(table[key]!.type.format(values[key]))}`
}

const letterEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\f': '\\f',
}

/** Java reads .properties as Latin-1, skips leading blanks and takes a backslash as the start of an escape. */
function escapeValue(value: string): string {
  return value
    .replace(/[^\x20-\x5b\x5d-\x7e]/g, (letter) => {
      return letterEscapes[letter] ?? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
    })
    .replace(/^ /, '\\ ')
}
