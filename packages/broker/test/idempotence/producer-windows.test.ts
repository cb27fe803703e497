import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProducerWindows } from '../../src/idempotence/producer-windows.ts'

const limits = { count: 8, producersMax: 3, silenceMsMax: () => 1000 }
const place = (position: number) => ({ queueId: 1, queueOffset: position * 2, physicalOffset: position })

describe('the sequence numbers of producers', () => {
  test('agree with a table of all numbers, within the window', () => {
    const steps = fc.array(fc.record({ sequence: fc.nat(30), isStored: fc.boolean() }), { maxLength: 100 })
    fc.assert(
      fc.property(steps, (all) => {
        const windows = new ProducerWindows(limits)
        const first = new Map<number, number>()
        let highest = -1
        let position = 0
        for (const { sequence, isStored } of all) {
          const claim = windows.claim('p', sequence, 0)
          const known = first.get(sequence)
          if (sequence <= highest - limits.count) expect(claim.kind).not.toBe('new')
          else if (known === undefined) expect(['new', 'too-old']).toContain(claim.kind)
          if (claim.kind === 'stored') expect(claim.place).toEqual(place(known!))
          if (claim.kind !== 'new') continue
          if (!isStored) {
            windows.release('p', sequence)
            continue
          }
          expect(known).toBeUndefined()
          first.set(sequence, ++position)
          windows.stored('p', sequence, place(position), 0)
          highest = Math.max(highest, sequence)
        }
        const again = new ProducerWindows(limits)
        for (const producer of windows.kept()) again.restore(structuredClone(producer))
        for (const [sequence, at] of first) {
          if (sequence > highest - limits.count) {
            expect(again.claim('p', sequence, 0)).toEqual({ kind: 'stored', place: place(at) })
          }
        }
      }),
    )
  })

  test('that fall into one slot are claimed beside each other, and freed each for itself', () => {
    const windows = new ProducerWindows(limits)
    const kind = (sequence: number) => windows.claim('p', sequence, 0).kind
    expect([kind(3), kind(11), kind(19)]).toEqual(['new', 'new', 'new'])
    windows.release('p', 3)
    expect([kind(3), kind(11), kind(19)]).toEqual(['new', 'pending', 'pending'])
    windows.release('p', 11)
    expect([kind(3), kind(11), kind(19)]).toEqual(['pending', 'new', 'pending'])
    windows.stored('p', 11, place(1), 0)
    expect([kind(3), kind(11), kind(19)]).toEqual(['pending', 'stored', 'pending'])
  })

  test('of several messages with one number name the first, as those that are stored again by the broker itself', () => {
    const windows = new ProducerWindows(limits)
    windows.stored('p', 5, place(1), 0)
    windows.stored('p', 5, place(9), 0)
    windows.stored('p', 13, place(10), 0)
    windows.stored('p', 5, place(11), 0)
    expect(windows.claim('p', 13, 0)).toEqual({ kind: 'stored', place: place(10) })
    expect(windows.claim('p', 5, 0).kind).toBe('too-old')
  })

  test('that were taken back are free again, however far above the others they were', () => {
    const windows = new ProducerWindows(limits)
    windows.stored('p', 1, place(10), 0)
    windows.stored('p', 100, place(20), 0)
    expect(windows.claim('p', 2, 0).kind).toBe('too-old')
    windows.forgetFrom(20)
    expect([windows.claim('p', 1, 0).kind, windows.claim('p', 2, 0).kind]).toEqual(['stored', 'new'])
  })

  test('are forgotten with their messages, after a silence, and for another producer', () => {
    const windows = new ProducerWindows(limits)
    windows.stored('p', 1, place(10), 0)
    windows.stored('p', 2, place(20), 0)
    windows.forgetFrom(20)
    expect([windows.claim('p', 1, 0).kind, windows.claim('p', 2, 0).kind]).toEqual(['stored', 'new'])
    expect([windows.claim('p', 1, 1000).kind, windows.claim('p', 1, 1001).kind]).toEqual(['stored', 'new'])
    windows.stored('r', 1, place(40), 1900)
    windows.stored('q', 1, place(30), 2000)
    windows.stored('s', 1, place(50), 2100)
    expect(windows.producerCount).toBe(3)
    expect([
      windows.claim('q', 1, 2100).kind,
      windows.claim('r', 1, 2100).kind,
      windows.claim('s', 1, 2100).kind,
    ]).toEqual(['stored', 'stored', 'stored'])
    expect(windows.claim('p', 1, 2100).kind).toBe('new')
    expect(windows.claim('r', 1, 2100).kind).toBe('new')
  })
})
