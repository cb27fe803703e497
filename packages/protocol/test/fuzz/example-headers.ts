import type { Field, Fields } from '../../src/fields.ts'

const examples = {
  str: ['T', '订单 "a"\\\u0001', ''],
  i32: [0, -2147483648, 2147483647],
  i64: [1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  bool: [true, false, true],
  boundary: ['lower', 'upper', 'lower'],
} as const

/** Headers with every field, with other values and with those alone that have to be there. */
export function exampleHeaders(fields: Fields): Record<string, unknown>[] {
  const withValues = (which: number): [string, unknown][] =>
    Object.entries(fields).map(([name, { kind }]) => [name, examples[kind][which]])
  const isNeeded = ([name]: [string, unknown]): boolean => (fields[name] as Field).absent === 'required'
  return [
    Object.fromEntries(withValues(0)),
    Object.fromEntries(withValues(1)),
    Object.fromEntries(withValues(2).filter(isNeeded)),
  ]
}
