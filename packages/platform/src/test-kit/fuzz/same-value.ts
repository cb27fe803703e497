/**
 * Whether two decoded values mean the same on the wire. Absent, null and numbers that JSON cannot represent are equal,
 * and so are the two zeros. Bytes are compared by content; tables regardless of order, unless their keys are objects. A
 * table of names equals an object with these fields.
 */
export function sameValue(left: unknown, right: unknown): boolean {
  if (isNothing(left) || isNothing(right)) return isNothing(left) && isNothing(right)
  if (typeof left !== 'object' || typeof right !== 'object') return left === right
  if (left instanceof Uint8Array) return right instanceof Uint8Array && Buffer.compare(left, right) === 0
  if (Array.isArray(left)) return Array.isArray(right) && sameList(left, right)
  if (left instanceof Map || right instanceof Map) return sameTable(entriesOf(left), entriesOf(right))
  return sameFields(left as Record<string, unknown>, right as Record<string, unknown>)
}

function isNothing(value: unknown): value is undefined | null {
  return value === undefined || value === null || (typeof value === 'number' && !Number.isFinite(value))
}

function entriesOf(table: object): [unknown, unknown][] {
  const entries = table instanceof Map ? [...table] : Object.entries(table)
  return entries.filter(([, value]) => !isNothing(value))
}

function sameTable(left: [unknown, unknown][], right: [unknown, unknown][]): boolean {
  if ([...left, ...right].some(([key]) => typeof key === 'object')) return sameList(left, right)
  const table = new Map(right)
  return (
    left.length === right.length && left.every(([key, value]) => table.has(key) && sameValue(value, table.get(key)))
  )
}

function sameList(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((item, index) => sameValue(item, right[index]))
}

function sameFields(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  for (const name of names) {
    const [one, other] = [left, right].map((object) => (Object.hasOwn(object, name) ? object[name] : undefined))
    if (!sameValue(one, other)) return false
  }
  return true
}
