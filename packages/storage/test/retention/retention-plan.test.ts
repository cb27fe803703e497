import { describe, expect, test } from 'vitest'
import {
  hasSpaceToGoOn,
  planRetention,
  type RetentionRules,
  type RetentionState,
} from '../../src/retention/retention-plan.ts'

const hour = 3_600_000
const rules: RetentionRules = {
  reservedMs: 72 * hour,
  deleteHours: [4],
  cleanRatio: 0.75,
  forceRatio: 0.85,
  fullRatio: 0.9,
  mayForce: true,
}
const nowMs = 1_000 * hour
const aged = (...ages: number[]) => ages.map((age, index) => ({ start: index * 100, modifiedMs: nowMs - age * hour }))
const state: RetentionState = { nowMs, hour: 4, usedRatio: 0.1, isAsked: false, files: aged(100, 73, 10, 80) }

describe('old files', () => {
  test('are deleted at the set hour, oldest first, up to the first that is too young', () => {
    expect(planRetention(rules, state)).toEqual({ deleteCount: 2, isForced: false })
  })

  test('stay at other hours, unless someone asks or the disk gets full', () => {
    expect(planRetention(rules, { ...state, hour: 5 }).deleteCount).toBe(0)
    expect(planRetention(rules, { ...state, hour: 5, isAsked: true }).deleteCount).toBe(2)
    expect(planRetention(rules, { ...state, hour: 5, usedRatio: 0.76 }).deleteCount).toBe(2)
  })

  test('are deleted before their time when the disk is nearly full and that is allowed', () => {
    expect(planRetention(rules, { ...state, usedRatio: 0.86 })).toEqual({ deleteCount: 4, isForced: true })
    expect(planRetention({ ...rules, mayForce: false }, { ...state, usedRatio: 0.86 }).deleteCount).toBe(2)
  })

  test('are deleted a few at a time', () => {
    expect(planRetention(rules, { ...state, files: aged(...Array(50).fill(100)) }).deleteCount).toBe(10)
  })
})

describe('a store that found no space', () => {
  test('goes on when there is room for a whole write, or for a hundredth of a small disk', () => {
    const mebibyte = 1024 * 1024
    expect(hasSpaceToGoOn({ totalBytes: 1e12, freeBytes: 3 * mebibyte })).toBe(false)
    expect(hasSpaceToGoOn({ totalBytes: 1e12, freeBytes: 4 * mebibyte })).toBe(true)
    expect(hasSpaceToGoOn({ totalBytes: 64 * mebibyte, freeBytes: 0 })).toBe(false)
    expect(hasSpaceToGoOn({ totalBytes: 64 * mebibyte, freeBytes: mebibyte })).toBe(true)
  })
})
