import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HashPlaces, NameNumbers } from '../src/index.ts'
import { nameHash } from '../src/name-numbers.ts'

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'd', ''),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('\u00e4', '\u0100', '\ud800', '\u0000', 'a'.repeat(700)),
)

test('gives each name a number that stays its own, and the names', () => {
  const step = fc.record({ kind: fc.constantFrom('add', 'add', 'delete', 'get'), name })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const names = new NameNumbers()
      const expected = new Map<string, number>()
      for (const { kind, name } of steps) {
        if (kind === 'add') {
          const number = names.add(name)
          expect(number).toBe(expected.get(name) ?? number)
          expected.set(name, number)
        } else if (kind === 'delete') {
          expect(names.delete(name)).toBe(expected.get(name))
          expected.delete(name)
        }
        expect(names.get(name)).toBe(expected.get(name))
        expect(names.size).toBe(expected.size)
        expect(new Set(expected.values()).size).toBe(expected.size)
      }
      for (const [one, number] of expected) {
        expect(number).toBeLessThan(names.end)
        expect([names.get(one), names.nameOf(number)]).toEqual([number, one])
      }
      expect([...names.names()].sort()).toEqual([...expected.keys()].sort())
      names.clear()
      expect([names.size, [...names.names()]]).toEqual([0, []])
    }),
  )
})

test('what removed names took is used again', () => {
  const names = new NameNumbers()
  const add = (from: number): void => {
    for (let id = from; id < from + 50_000; id++) names.add(`name-${String(id).padStart(8, '0')}`)
  }
  add(0)
  const { end, nameBytes } = names
  for (let round = 0; round < 5; round++) {
    const first = round * 50_000
    for (let id = first + 100; id < first + 50_000; id++) names.delete(`name-${String(id).padStart(8, '0')}`)
    add(first + 50_000)
  }
  expect(names.size).toBe(50_500)
  expect(names.end).toBeLessThan(end + 600)
  expect(names.nameBytes).toBeLessThan(nameBytes * 1.2)
})

test('what names of other sizes took is given back, and all that are there stay what they are', () => {
  const names = new NameNumbers(8192)
  const kept: string[] = []
  let most = 0
  for (let length = 10; length < 40; length++) {
    const ofRound = Array.from({ length: 5000 }, (_, id) => `${length}-${id}`.padEnd(length, '.'))
    for (const one of ofRound) names.add(one)
    if (length === 39) most = 5000 * (length + 4)
    kept.push(...ofRound.splice(0, 50))
    for (const one of ofRound) names.delete(one)
  }
  expect(names.nameBytes).toBeLessThan(2 * most)
  expect([...names.names()].sort()).toEqual(kept.sort())
  expect(kept.map((one) => names.nameOf(names.get(one)!))).toEqual(kept)
})

test('names stay what they are while others come, go, and move', () => {
  const step = fc.record({ isAdd: fc.boolean(), id: fc.nat(40), length: fc.integer({ min: 3, max: 400 }) })
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 400 }), (steps) => {
      const names = new NameNumbers(1024)
      const expected = new Map<string, number>()
      const lengths = new Map<number, string>()
      for (const { isAdd, id, length } of steps) {
        const known = lengths.get(id)
        if (known !== undefined && !isAdd) {
          expect(names.delete(known)).toBe(expected.get(known))
          expected.delete(known)
          lengths.delete(id)
        } else if (known === undefined) {
          const name = `${id}`.padEnd(length, id % 3 === 0 ? '\u0100' : '.')
          lengths.set(id, name)
          expected.set(name, names.add(name))
        }
        expect(names.size).toBe(expected.size)
      }
      for (const [one, number] of expected) expect([names.get(one), names.nameOf(number)]).toEqual([number, one])
      expect([...names.names()].sort()).toEqual([...expected.keys()].sort())
    }),
  )
})

test('whoever goes through all names meets each that is there all the time', () => {
  const names = new NameNumbers()
  for (let id = 0; id < 100; id++) names.add(`kept-${id}`)
  const seen: string[] = []
  for (const name of names.names()) {
    seen.push(name)
    names.add(`new-${seen.length}`)
    names.delete(`new-${seen.length - 3}`)
    if (seen.length > 1_000) break
  }
  expect(seen.filter((name) => name.startsWith('kept-'))).toHaveLength(100)
  expect(seen.length).toBeLessThan(1_000)
})

test('a name that is too long is refused', () => {
  expect(() => new NameNumbers().add('a'.repeat(300_000))).toThrow('too long')
})

test('numbers are found by their hashes, also when many have one', () => {
  const hash = fc.integer({ min: 0, max: 20 }).map((low) => low | 0xff00_0000)
  const step = fc.record({ number: fc.nat(60), hash })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const hashes = new Map<number, number>()
      const places = new HashPlaces((number) => hashes.get(number)!)
      for (const { number, hash } of steps) {
        const known = hashes.get(number)
        if (known === undefined) {
          hashes.set(number, hash)
          places.add(hash, number)
        } else {
          places.delete(known, number)
          hashes.delete(number)
        }
        for (const [one, ofOne] of hashes) expect(places.find(ofOne, (found) => found === one)).toBe(one)
        expect(places.find(hash, (found) => !hashes.has(found))).toBeUndefined()
      }
    }),
  )
})

test('names that have one hash by one seed have others by another one', () => {
  // Found from the hash backwards, which takes no time when its seed is known.
  const names = ['%LMQ%EtW0jx', '%LMQ%q5rfuy', '%LMQ%ZZkUgG']
  const hashes = (seed: number) => new Set(names.map((one) => nameHash(one, seed))).size
  expect(hashes(0)).toBe(1)
  for (let seed = 1; seed <= 1000; seed++) expect(hashes(seed)).toBe(3)
})
