import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { offsetsOfOp, opBodies } from '../../src/transactions/op-records.ts'
import { OpSpans } from '../../src/transactions/op-spans.ts'

describe('op messages', () => {
  test('name every half, in bodies of the size that is set', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), fc.integer({ min: 1, max: 60 }), (offsets, bytesMax) => {
        const bodies = opBodies(offsets, bytesMax)
        expect(bodies.flatMap((body) => offsetsOfOp(Buffer.from(body)))).toEqual(offsets)
        for (const body of bodies) {
          expect(body.length <= bytesMax || offsetsOfOp(Buffer.from(body)).length === 1).toBe(true)
        }
      }),
    )
  })

  test('are read in both forms of official brokers: many offsets, or one without a comma', () => {
    expect(offsetsOfOp(Buffer.from('12,13,'))).toEqual([12, 13])
    expect(offsetsOfOp(Buffer.from('12'))).toEqual([12])
    expect(opBodies([12, 13], 4096)).toEqual(['12,13,'])
  })

  test('with anything else in them name nothing that is not there', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        for (const offset of offsetsOfOp(Buffer.from(bytes)))
          expect(Number.isSafeInteger(offset) && offset >= 0).toBe(true)
      }),
    )
    expect(offsetsOfOp(Buffer.from(' 1,-1,1e3,0x1,99999999999999999999,7,'))).toEqual([7])
  })

  test('are needed from the first one on that names a half which may be open', () => {
    const spans = new OpSpans()
    for (const [op, half] of [
      [0, 5],
      [1, 3],
      [2, 9],
      [3, -1],
      [4, 20],
    ] as const)
      spans.add(op, half)
    expect(spans.neededFrom(5)).toBe(0)
    expect(spans.neededFrom(6)).toBe(2)
    expect(spans.neededFrom(10)).toBe(4)
    expect(spans.neededFrom(21)).toBeUndefined()
    spans.add(5, 30)
    expect(spans.neededFrom(21)).toBe(5)
    expect(spans.count).toBe(1)
  })
})
