import { stripVTControlCharacters } from 'node:util'

export interface TextColumn {
  readonly title: string
  readonly isRight: boolean
}

const gap = '  '

/** Columns beside each other, without lines: what is cut at blanks by scripts stays readable. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]!.length)))
  return cells.map((row) => `${tableLine(row, columns, widths)}\n`).join('')
}

function tableLine(row: readonly string[], columns: readonly TextColumn[], widths: readonly number[]): string {
  return row
    .map((cell, index) => (columns[index]!.isRight ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!)))
    .join(gap)
    .trimEnd()
}

/** Names with their values below each other. */
export function textList(entries: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length)) + gap.length
  return `${entries.map(([name, value]) => `${name.padEnd(width)}${printable(value)}`.trimEnd()).join('\n')}\n`
}

/** Names of topics, clients and bodies come from others: they must not control the terminal, or break the lines. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it replaces
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escaped)
}

/** Like `printable`, but for lines and tabs, which bodies have. */
export function printableLines(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it replaces
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
