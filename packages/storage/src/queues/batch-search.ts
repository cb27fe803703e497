import type { BatchUnit } from './batch-unit.ts'
import { isMessage } from './queue-unit.ts'

/** What is searched: the units [firstUnit, endUnit), of which those from `firstInMemory` on are at hand. */
export interface BatchUnits {
  readonly firstUnit: number
  readonly endUnit: number
  readonly firstInMemory: number
  unitInMemory(unitNumber: number): BatchUnit | undefined
  /** The next unit behind one that says nothing. */
  unitBehind(unitNumber: number): number
}

/** A search for the unit of an offset, and what it has left: the unit is one of [low, high]. */
export interface BatchSearch {
  readonly queueOffset: number
  low: number
  high: number
}

/** @param queueOffset in front of the end of the queue */
export function beginSearch(units: BatchUnits, queueOffset: number): BatchSearch {
  const { firstInMemory } = units
  const inMemory = units.unitInMemory(firstInMemory)
  const isInMemory = inMemory !== undefined && isMessage(inMemory) && inMemory.baseOffset <= queueOffset
  return { queueOffset, low: isInMemory ? firstInMemory : units.firstUnit, high: units.endUnit }
}

/**
 * Finds the unit that the message with an offset stands in, or the first one behind when there is none.
 * @param search goes on where it ended
 * @param unitOf reads a unit, or tells what has to be loaded first: then the search ends, to go on after that
 */
export function searchBatchUnit<Missing extends { missing: unknown }>(
  units: BatchUnits,
  search: BatchSearch,
  unitOf: (unitNumber: number) => BatchUnit | Missing,
): number | Missing {
  while (search.low < search.high) {
    const middle = Math.floor((search.low + search.high) / 2)
    let at = middle
    let unit = unitOf(at)
    // Damaged units and those of missing files say nothing: the next one decides.
    while (!('missing' in unit) && !isMessage(unit)) {
      at = units.unitBehind(at)
      if (at >= search.high) break
      unit = unitOf(at)
    }
    if ('missing' in unit) return unit
    if (at >= search.high || unit.baseOffset + unit.count > search.queueOffset) search.high = middle
    else search.low = at + 1
  }
  return search.low
}
