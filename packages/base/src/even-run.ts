/**
 * Divides a list into runs of neighbours: the first ones get one more when they do not come out even.
 * @param index of the run, from 0
 * @param count of runs, at least 1
 * @returns a new list
 */
export function evenRun<Item>(items: readonly Item[], index: number, count: number): Item[] {
  const share = Math.floor(items.length / count)
  const larger = items.length % count
  const start = index * share + Math.min(index, larger)
  return items.slice(start, start + share + (index < larger ? 1 : 0))
}
