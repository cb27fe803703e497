import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NameTable } from '../src/index.ts'

interface Entry {
  name: string
  value: number
}

const newTable = () => new NameTable<Entry>(({ name }) => name)

test('gives what a map gives, also for names that share a place', () => {
  // Aa and BB have one hash, and so have all names that are made of them.
  const name = fc.array(fc.constantFrom('Aa', 'BB', 'c'), { maxLength: 4 }).map((parts) => parts.join(''))
  const step = fc.record({ kind: fc.constantFrom('get', 'set', 'delete'), name })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = newTable()
      const expected = new Map<string, Entry>()
      for (const [value, { kind, name }] of steps.entries()) {
        if (kind === 'set') {
          expected.set(name, { name, value })
          table.set(expected.get(name)!)
        } else if (kind === 'delete') {
          expected.delete(name)
          table.delete(name)
        }
        expect(table.get(name)).toBe(expected.get(name))
        expect(table.size).toBe(expected.size)
      }
    }),
  )
})

test('most of many names are found at the first look', () => {
  const table = newTable()
  const entries = Array.from({ length: 10_000 }, (_, value) => ({ name: `topic-${value}`, value }))
  for (const entry of entries) table.set(entry)
  const foundCount = entries.filter((entry) => table.likely(entry.name) === entry).length
  expect(foundCount).toBeGreaterThan(8_500)
  for (const entry of entries) expect(table.get(entry.name)).toBe(entry)
})

test('a name that was asked for is the likely one at its place from then on, and a deleted one is not', () => {
  const table = newTable()
  table.set({ name: 'Aa', value: 1 })
  table.set({ name: 'BB', value: 2 })
  expect(table.likely('Aa')?.name).toBe('BB')
  table.get('Aa')
  expect(table.likely('BB')?.name).toBe('Aa')
  table.delete('Aa')
  expect(table.likely('BB')).toBeUndefined()
  expect(table.get('BB')?.value).toBe(2)
})
