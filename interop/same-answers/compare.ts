import { isDeepStrictEqual } from 'node:util'
import type { Case, Difference } from './case.ts'
import { malformedIsTold } from './differences.ts'
import type { Observation } from './observation.ts'

/** What of two servers' answers is not as it should be, a line for each step; nothing when all is. */
export function findings(one: Case, official: readonly Observation[], ours: readonly Observation[]): string[] {
  return one.steps.flatMap(({ what, difference }, index) => {
    const place = `step ${index}, ${what}`
    const pair = { official: official[index], ours: ours[index] }
    const isSame = isDeepStrictEqual(pair.official, pair.ours)
    if (difference !== undefined) {
      if (isSame) return `${place}: the answers are the same, not different on purpose`
      return isAsTold(difference, pair) ? [] : `${place}: not as the difference tells\n${shown(pair)}`
    }
    return isSame || isAsTold(malformedIsTold, pair) ? [] : `${place}\n${shown(pair)}`
  })
}

interface Pair {
  official: Observation
  ours: Observation
}

function shown({ official, ours }: Pair): string {
  return `  official ${JSON.stringify(official)}\n  ours     ${JSON.stringify(ours)}`
}

function isAsTold({ official, ours }: Difference, pair: Pair): boolean {
  return holds(pair.official, official) && holds(pair.ours, ours)
}

/** Whether a value holds all that is expected of it. Of lists each item is compared. */
function holds(value: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return Object.is(value, expected)
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(expected) && (!Array.isArray(value) || value.length !== expected.length)) return false
  return Object.entries(expected).every(([name, part]) => holds((value as Record<string, unknown>)[name], part))
}
