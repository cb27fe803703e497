import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ConsumeQueue } from '../../src/queues/consume-queue.ts'
import { UnwrittenQueues } from '../../src/queues/unwritten-queues.ts'

const newQueue = (): ConsumeQueue => ({ firstUnwrittenPosition: -1, unwrittenSinceMs: 0 }) as ConsumeQueue

test('queues come by the positions at which they were added last, and those that were removed do not', () => {
  const step = fc.record({ queue: fc.nat(9), isAdded: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queues = Array.from({ length: 10 }, newQueue)
      const unwritten = new UnwrittenQueues()
      let expected: number[] = []
      for (const [position, { queue, isAdded }] of steps.entries()) {
        expected = expected.filter((other) => other !== queue)
        if (isAdded) {
          unwritten.add(queues[queue]!, position, 0)
          expected.push(queue)
        } else unwritten.remove(queues[queue]!)
        expect(unwritten.all().map((one) => queues.indexOf(one))).toEqual(expected)
        expect(unwritten.oldest).toBe(queues[expected[0] ?? -1])
        expect(queues.map((one) => unwritten.has(one))).toEqual(queues.map((_, index) => expected.includes(index)))
      }
    }),
  )
})

test('a list that is added to and written for long does not grow', () => {
  const unwritten = new UnwrittenQueues()
  const queues = Array.from({ length: 10 }, newQueue)
  for (let position = 0; position < 100_000; position++) {
    unwritten.add(queues[position % 10]!, position, 0)
    if (position >= 5) {
      expect(unwritten.oldest).toBe(queues[(position - 5) % 10])
      unwritten.remove(unwritten.oldest!)
    }
  }
  expect(unwritten.all()).toHaveLength(5)
  expect(unwritten.entryCount).toBeLessThan(3000)
})
