import { jsonOf, type RecordType, type RowOf } from '../table/record.ts'
import { textList, textTable } from './text-table.ts'

/** Its fields are those of its record. */
type Row = object

function fieldOf(row: Row, name: string): unknown {
  return (row as Readonly<Record<string, unknown>>)[name]
}

/** A table of records for people. */
export function recordTable({ fields }: RecordType, rows: readonly Row[]): string {
  const shown = Object.entries(fields).filter(([, { isHidden }]) => !isHidden)
  const columns = shown.map(([, { title, isRight = false }]) => ({ title: title.toUpperCase(), isRight }))
  return textTable(
    columns,
    rows.map((row) => shown.map(([name, field]) => field.show(fieldOf(row, name)))),
  )
}

/** One record for people: its fields below each other, then each of its lists as a table. */
export function recordText({ fields }: RecordType, row: Row): string {
  const shown = Object.entries(fields).filter(([, { isHidden }]) => !isHidden)
  const plain = shown.filter(([, { inner }]) => inner === undefined)
  let text = textList(plain.map(([name, field]) => [field.title, field.show(fieldOf(row, name))]))
  for (const [name, { title, inner }] of shown) {
    const rows = fieldOf(row, name)
    if (inner === undefined || !Array.isArray(rows)) continue
    text += `\n${title}${rows.length === 0 ? ': none\n' : `\n${indented(recordTable(inner, rows))}`}`
  }
  return text
}

/** Many at once, in one text: a list of a hundred thousand topics is written in one go. */
export function recordsJson(record: RecordType, rows: readonly Row[]): string {
  return `${JSON.stringify(
    rows.map((row) => jsonOf(record, row as RowOf<RecordType>)),
    undefined,
    2,
  )}\n`
}

export function recordJson(record: RecordType, row: Row): string {
  return `${JSON.stringify(jsonOf(record, row as RowOf<RecordType>), undefined, 2)}\n`
}

/** On one line. */
export function recordLine(record: RecordType, row: Row): string {
  return `${JSON.stringify(jsonOf(record, row as RowOf<RecordType>))}\n`
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ')
}
