import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BlockMemory } from '../../src/log/block-memory.ts'
import { TurnClock } from './turn-clock.ts'

test('memory that was given back is taken again, but not in that turn nor in the next', () => {
  const clock = new TurnClock()
  const memory = new BlockMemory(clock, 64, 4)
  const block = memory.take()
  memory.giveBack(block)
  expect(memory.take()).not.toBe(block)
  clock.turn()
  expect(memory.take()).not.toBe(block)
  clock.turn()
  expect(memory.take()).toBe(block)
  expect(memory.take()).not.toBe(block)
})

test('no more blocks are kept than are to be', () => {
  const clock = new TurnClock()
  const memory = new BlockMemory(clock, 64, 2)
  const blocks = [memory.take(), memory.take(), memory.take()]
  for (const block of blocks) memory.giveBack(block)
  clock.turn()
  clock.turn()
  expect([memory.take(), memory.take(), memory.take()].filter((block) => blocks.includes(block))).toHaveLength(2)
})

test('blocks of another size are not taken for one of this size', () => {
  const clock = new TurnClock()
  const memory = new BlockMemory(clock, 64, 4)
  for (const bytes of [63, 65]) memory.giveBack(Buffer.alloc(bytes))
  clock.turn()
  clock.turn()
  expect([memory.take().length, memory.take().length]).toEqual([64, 64])
})

test('nobody has a block that another has, or had within two turns, whatever is given back when', () => {
  const step = fc.constantFrom('take', 'giveBack', 'turn')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const clock = new TurnClock()
      const memory = new BlockMemory(clock, 16, 3)
      const taken: Buffer[] = []
      const givenBackIn = new Map<Buffer, number>()
      let turn = 0
      for (const what of steps) {
        if (what === 'turn') {
          clock.turn()
          turn++
        } else if (what === 'giveBack') {
          const block = taken.shift()
          if (block === undefined) continue
          memory.giveBack(block)
          givenBackIn.set(block, turn)
        } else {
          const block = memory.take()
          expect(taken).not.toContain(block)
          const before = givenBackIn.get(block)
          if (before !== undefined) expect(turn - before).toBeGreaterThanOrEqual(2)
          taken.push(block)
        }
      }
    }),
  )
})
