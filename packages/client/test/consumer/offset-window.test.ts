import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OffsetWindow } from '../../src/consumer/offset-window.ts'

describe('the offset to commit', () => {
  test('is the first that is not done, in whatever order messages are done', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(5000), { maxLength: 200 }),
        fc.nat(1000),
        fc.infiniteStream(fc.nat()),
        (offsets, first, chance) => {
          const taken = offsets.map((offset) => offset + first).sort((one, other) => one - other)
          const window = new OffsetWindow(first)
          expect(window.committable).toBe(first)
          window.take(taken)
          const next = (taken.at(-1) ?? first) + 1
          window.advance(next)
          const left = new Set(taken)
          while (left.size > 0) {
            expect(window.committable).toBe(Math.min(...left))
            const one = [...left][chance.next().value % left.size]!
            left.delete(one)
            window.done(one)
            window.done(one)
            expect(window.size).toBe(left.size)
          }
          expect(window.committable).toBe(next)
        },
      ),
    )
  })

  test('takes no memory for what is done behind a message that takes very long', () => {
    const window = new OffsetWindow(0)
    for (let offset = 0; offset < 100_000; offset++) {
      window.take([offset])
      window.advance(offset + 1)
      if (offset > 0) window.done(offset)
    }
    expect(window.committable).toBe(0)
    expect(window.kept).toBeLessThan(2000)
    window.done(0)
    expect(window.committable).toBe(100_000)
  })
})
