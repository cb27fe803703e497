import { type DataVersion, dataVersionBody, sameDataVersion } from '@rocketmq-ts/protocol'

export interface PageRequest {
  /** Entries to pass by. */
  from: number | undefined
  /** Entries to give; without it all are given, as old clients expect. */
  countMax: number | undefined
  /** The version of the table that the earlier pages were from, as JSON. */
  dataVersion: string | undefined
}

/**
 * A part of a table. When the table has changed since the earlier pages, it starts again from the beginning, so that
 * whoever puts the pages together misses nothing.
 */
export function tablePage<Value>(
  table: ReadonlyMap<string, Value>,
  current: DataVersion,
  request: PageRequest,
): Map<string, Value> {
  const { from = 0, countMax, dataVersion } = request
  if (countMax === undefined || countMax <= 0) return new Map(table)
  const isSame =
    dataVersion !== undefined && dataVersion !== '' && sameDataVersion(dataVersionBody.parse(dataVersion), current)
  const start = isSame ? Math.max(from, 0) : 0
  return new Map([...table].slice(start, start + countMax))
}
