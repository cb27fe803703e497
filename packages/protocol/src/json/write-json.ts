import { javaDouble } from './java-double.ts'
import { JsonDouble, type Writable, type WritableObject } from './json-value.ts'

/** How maps are written, and whether for machines or for people. */
export interface JsonStyle {
  /** Keys that are numbers: `{"0":1}` or fastjson's `{0:1}`. Objects as keys: their text as a string, or raw. */
  readonly keys: 'quoted' | 'raw'
  /** Entries of maps in the order of their keys (integers by value) instead of the order of the map. */
  readonly sortTables: boolean
  /** One value a line, indented by tabs. */
  readonly pretty: boolean
}

const STANDARD: JsonStyle = { keys: 'quoted', sortTables: true, pretty: false }
const JAVA: JsonStyle = { keys: 'raw', sortTables: false, pretty: false }

/** Writes standard JSON: every key quoted, objects and maps in the order of their keys, absent and null fields left out. */
export function stringifyStandard(value: Writable): string {
  return writeJson(value, STANDARD)
}

/**
 * Writes what the Java peers write and need: integer keys bare, objects as keys raw.
 * The result is standard JSON unless there are such keys.
 */
export function stringifyJava(value: Writable): string {
  return writeJson(value, JAVA)
}

/**
 * Writes a value. Fields of objects are sorted by name as fastjson does; fields and map entries that are null,
 * undefined or a number that is not finite are left out; in a list they are written as null. A `number` is written as
 * JavaScript does, but for integers outside of the safe range, which have an exponent: readers would take them for
 * exact ones. A `JsonDouble` is written as Java does.
 * @param depth tabs that lines after the first have more, where the value is part of a larger one
 */
export function writeJson(value: Writable, style: JsonStyle, depth = 0): string {
  return write(value, style, `\n${'\t'.repeat(depth)}`)
}

function write(value: Writable, style: JsonStyle, line: string): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return numberText(value)
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'undefined':
      return 'null'
  }
  if (value === null) return 'null'
  if (value instanceof JsonDouble) return javaDouble(value.value)
  if (Array.isArray(value)) return writeList(value, style, line)
  if (value instanceof Map) return writeTable(value, style, line)
  return writeObject(value as WritableObject, style, line)
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value)
}

function isLeftOut(value: Writable): value is undefined | null {
  return value === undefined || value === null || (typeof value === 'number' && !Number.isFinite(value))
}

function writeList(items: readonly Writable[], style: JsonStyle, line: string): string {
  const inner = `${line}\t`
  const texts = items.map((item) => write(item, style, inner))
  return enclose('[', texts, ']', style, line)
}

function writeObject(fields: WritableObject, style: JsonStyle, line: string): string {
  const inner = `${line}\t`
  const texts: string[] = []
  for (const name of sortedNames(fields)) {
    const value = fields[name]
    if (!isLeftOut(value)) texts.push(`${JSON.stringify(name)}:${write(value, style, inner)}`)
  }
  return enclose('{', texts, '}', style, line)
}

function writeTable(table: ReadonlyMap<Writable, Writable>, style: JsonStyle, line: string): string {
  const inner = `${line}\t`
  const texts: string[] = []
  const entries = style.sortTables ? [...table].sort(([left], [right]) => compareKeys(left, right)) : table
  for (const [key, value] of entries) {
    if (!isLeftOut(value)) texts.push(`${writeKey(key, style)}:${write(value, style, inner)}`)
  }
  return enclose('{', texts, '}', style, line)
}

function writeKey(key: Writable, style: JsonStyle): string {
  if (typeof key === 'string') return JSON.stringify(key)
  const raw = write(key, style.pretty ? { ...style, pretty: false } : style, '\n')
  return style.keys === 'raw' ? raw : JSON.stringify(raw)
}

function enclose(open: string, texts: readonly string[], close: string, style: JsonStyle, line: string): string {
  if (!style.pretty || texts.length === 0) return `${open}${texts.join(',')}${close}`
  return `${open}${line}\t${texts.join(`,${line}\t`)}${line}${close}`
}

function sortedNames(fields: WritableObject): string[] {
  const names = Object.keys(fields)
  for (let index = 1; index < names.length; index++) {
    if ((names[index - 1] as string) > (names[index] as string)) return names.sort()
  }
  return names
}

function compareKeys(left: Writable, right: Writable): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  // Objects as keys have no order of their own: the map's is kept.
  return 0
}
