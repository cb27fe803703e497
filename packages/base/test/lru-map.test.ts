import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LruMap } from '../src/index.ts'

test('keeps the entries used last, and tells of each that it gives up, once', () => {
  const step = fc.record({ kind: fc.constantFrom('get', 'set', 'delete'), key: fc.nat(9) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (capacity, steps) => {
      const givenUp: number[] = []
      const map = new LruMap<number, number>(capacity, (value) => givenUp.push(value))
      // The same in the plainest way: keys in the order of their last use.
      let expected: [number, number][] = []
      let setCount = 0
      let deletedOrEvicted = 0
      for (const { kind, key } of steps) {
        const known = expected.find(([other]) => other === key)
        if (kind === 'get') {
          expect(map.get(key)).toBe(known?.[1])
          if (known) expected = [...expected.filter((entry) => entry !== known), known]
        } else if (kind === 'set') {
          map.set(key, setCount)
          expected = [...expected.filter((entry) => entry !== known), [key, setCount++]]
          if (expected.length > capacity) {
            expect(givenUp.at(-1)).toBe(expected.shift()![1])
            deletedOrEvicted++
          }
        } else {
          map.delete(key)
          if (known) {
            expect(givenUp.at(-1)).toBe(known[1])
            deletedOrEvicted++
          }
          expected = expected.filter((entry) => entry !== known)
        }
        expect([...map.keys()]).toEqual(expected.map(([other]) => other))
      }
      expect(givenUp.length).toBe(deletedOrEvicted)
      map.clear()
      expect(map.size).toBe(0)
      expect(givenUp.length).toBe(deletedOrEvicted + expected.length)
    }),
  )
})

test('keeps as many entries as weigh no more than its capacity, and the newest ones whatever they weigh', () => {
  const givenUp: string[] = []
  const weights = { weightOf: (value: string) => value.length, countMin: 2 }
  const map = new LruMap<string, string>(10, (value) => givenUp.push(value), weights)
  for (const value of ['aaaa', 'bbbb']) map.set(value, value)
  map.set('aaaa', 'aa')
  map.set('cccc', 'cccc')
  expect(givenUp).toEqual([])
  map.set('ddddd', 'ddddd')
  expect(givenUp).toEqual(['bbbb', 'aa'])
  map.set('e'.repeat(30), 'e'.repeat(30))
  expect([...map.keys()]).toEqual(['ddddd', 'e'.repeat(30)])
  map.delete('ddddd')
  map.set('f', 'f')
  map.set('g', 'g')
  expect([...map.keys()]).toEqual(['f', 'g'])
})
