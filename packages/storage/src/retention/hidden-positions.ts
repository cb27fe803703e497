/**
 * Writes config/hiddenPositions.json:
 *
 *     {"hiddenBefore":{"<topic>":<position of the log>}}
 */
export function stringifyHiddenPositions(positions: ReadonlyMap<string, number>): string {
  return JSON.stringify({ hiddenBefore: Object.fromEntries(positions) })
}

/** @throws Error when the text is no such file */
export function parseHiddenPositions(text: string): Map<string, number> {
  const hiddenBefore = (JSON.parse(text) as { hiddenBefore?: unknown } | null)?.hiddenBefore
  if (typeof hiddenBefore !== 'object' || hiddenBefore === null) throw new Error('it has no hiddenBefore')
  const positions = new Map<string, number>()
  for (const [topic, position] of Object.entries(hiddenBefore)) {
    if (!Number.isSafeInteger(position) || position < 0) throw new Error(`${topic} has no position of the log`)
    positions.set(topic, position)
  }
  return positions
}
