import { designRows } from './design-rows.ts'
import { moreRows } from './more-rows.ts'
import type { Row } from './row.ts'

export const allRows: readonly Row[] = [...designRows, ...moreRows]

/** The rows that `--check` guards. */
export const mainRowIds = ['send', 'send-1', 'send-1k', 'pull', 'pull-tail']

/**
 * @param ids as `--only` gives them; undefined: all
 * @throws Error that names what is not a row, and the rows there are
 */
export function pickRows(rows: readonly Row[], ids: readonly string[] | undefined, quick: boolean): Row[] {
  for (const id of ids ?? []) {
    if (!rows.some((row) => row.id === id)) {
      throw new Error(`no row is named ${id}; there are: ${rows.map((row) => row.id).join(', ')}`)
    }
  }
  if (ids !== undefined) return rows.filter(({ id }) => ids.includes(id))
  return rows.filter((row) => !quick || row.quick !== undefined)
}

/** Rows that share servers, in the order in which their set-ups first occur. */
export function groupBySetup(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = JSON.stringify([row.setup, row.oursOnly !== undefined])
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()]
}
