import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { decodeMessages } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { BlockMemory } from '../../src/log/block-memory.ts'
import { LentBytes } from '../../src/log/lent-bytes.ts'
import { FaultKit, numbered } from '../faults/fault-kit.ts'

const limits = { queueOffset: 0, countMax: 32, scannedUnitsMax: 800, bytesMax: 1e6, matches: () => true }

describe('bytes that are lent', () => {
  test('are what they were at the end of the turn, and other bytes after that, where that is checked', () => {
    const clock = new SteppedClock()
    const memory = Buffer.from('record')
    const lent = new LentBytes(clock, true).lend(memory)
    const atTheEnd: string[] = []
    // Whoever answers at the end of the turn may ask for it later than the store did.
    clock.endOfTurn(() => clock.endOfTurn(() => void atTheEnd.push(String(lent))))
    clock.finishTurn()
    expect(atTheEnd).toEqual(['record'])
    expect(lent).toEqual(Buffer.alloc(6, 0xdb))
    expect(String(memory)).toBe('record')
  })

  test('are the memory itself where nothing is checked', () => {
    const memory = Buffer.from('record')
    const lent = new LentBytes(new SteppedClock(), false)
    expect(lent.lend(memory)).toBe(memory)
    lent.poison(memory)
    expect(String(memory)).toBe('record')
  })
})

test.each([
  ['in memory', false],
  ['in files', true],
])('who keeps what was read of messages %s beyond the turn finds no message in it', async (_, isCold) => {
  const kit = new FaultKit()
  let store = kit.open()
  await kit.put(store, numbered(4))
  if (isCold) {
    store.close()
    store = kit.open()
  }
  const { parts } = await store.read({ topic: 'T', queueId: 0, ...limits })
  expect(parts.flatMap((part) => decodeMessages(part))).toHaveLength(2)
  kit.clock.finishTurn()
  expect(() => parts.flatMap((part) => decodeMessages(part))).toThrow(/no message at byte 0/)
})

test('a block that was given back is overwritten before it is used for others', () => {
  const clock = new SteppedClock()
  const memory = new BlockMemory(clock, 8, 4, new LentBytes(clock, true))
  const block = memory.take().fill(1)
  memory.giveBack(block)
  expect(block.every((byte) => byte === 1)).toBe(true)
  clock.finishTurn()
  expect(block.every((byte) => byte === 0xdb)).toBe(true)
})
