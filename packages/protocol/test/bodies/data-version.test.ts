import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareDataVersions, newDataVersion, nextDataVersion, sameDataVersion } from '../../src/bodies/index.ts'
import { versions } from './arbitraries.ts'

test('a change raises the counter and takes time and state version', () => {
  expect(nextDataVersion(newDataVersion(5), 7, 3)).toEqual({ counter: 1, stateVersion: 3, timestamp: 7 })
  expect(nextDataVersion({ counter: 4, stateVersion: 3, timestamp: 9 }, 8)).toEqual({
    counter: 5,
    stateVersion: 0,
    timestamp: 8,
  })
})

describe('the order of versions', () => {
  const base = { stateVersion: 1, counter: 1, timestamp: 1 }

  test('goes by state version, then counter, then timestamp', () => {
    expect(compareDataVersions({ ...base, stateVersion: 2, counter: 0, timestamp: 0 }, base)).toBeGreaterThan(0)
    expect(compareDataVersions({ ...base, counter: 2, timestamp: 0 }, base)).toBeGreaterThan(0)
    expect(compareDataVersions({ ...base, timestamp: 0 }, base)).toBeLessThan(0)
    expect(compareDataVersions({ ...base }, base)).toBe(0)
  })

  test('is the same from both sides', () => {
    fc.assert(
      fc.property(versions, versions, (left, right) => {
        expect(Math.sign(compareDataVersions(left, right))).toBe(-Math.sign(compareDataVersions(right, left)) + 0)
        expect(sameDataVersion(left, left)).toBe(true)
      }),
    )
  })
})
