import { SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { BlockMemory } from '../../src/log/block-memory.ts'
import { LogTail } from '../../src/log/log-tail.ts'
import { sliceOf } from '../../src/log/stretch.ts'

const blockBytes = 64

/** Appends bytes of one value and gives their position. */
function append(tail: LogTail, position: number, byteCount: number, value: number): number {
  const { bytes, at } = tail.reserve(position, byteCount)
  bytes.fill(value, at, at + byteCount)
  return position + byteCount
}

function tailOf(clock: SteppedClock): LogTail {
  return new LogTail(new BlockMemory(clock, blockBytes, 2), 2 * blockBytes)
}

test('what was found does not change in this turn, however much is appended', () => {
  const clock = new SteppedClock()
  const tail = tailOf(clock)
  let end = 0
  for (let turn = 1; turn <= 20; turn++) {
    const found: { slice: Buffer; value: number }[] = []
    for (let value = 1; value <= 100; value++) {
      const position = end
      end = append(tail, position, 20, value)
      if (value % 7 === 0) found.push({ slice: sliceOf(tail.find(position, 20)!, position, 20), value })
      tail.release(end)
    }
    for (const { slice, value } of found)
      expect(
        slice.every((byte) => byte === value),
        `record ${value} of turn ${turn}`,
      ).toBe(true)
    clock.finishTurn()
  }
})

test('memory that was given up is used again', () => {
  const clock = new SteppedClock()
  const tail = tailOf(clock)
  const seen = new Set<ArrayBufferLike>()
  let end = 0
  for (let value = 0; value < 300; value++) {
    seen.add(tail.reserve(end, 20).bytes.buffer)
    end += 20
    expect(tail.find(end - 20, 20)).toBeDefined()
    tail.release(end)
    clock.finishTurn()
  }
  expect(seen.size).toBeLessThanOrEqual(4)
})

test('a block larger than others is not used for them again', () => {
  const tail = tailOf(new SteppedClock())
  let end = append(tail, 0, 10 * blockBytes, 1)
  for (let value = 2; value < 50; value++) {
    end = append(tail, end, 20, value)
    tail.release(end)
    expect(sliceOf(tail.find(end - 20, 20)!, end - 20, 20).every((byte) => byte === value)).toBe(true)
  }
})

test('each record that is kept is found, in whatever order, and nothing that was given up', () => {
  const clock = new SteppedClock()
  const tail = new LogTail(new BlockMemory(clock, blockBytes, 2), 8 * blockBytes)
  const random = new SeededRandom(5)
  let end = 0
  for (let value = 1; value <= 200; value++) {
    end = append(tail, end, 20, value)
    tail.release(end)
    for (let look = 0; look < 5; look++) {
      const position = 20 * random.below(value)
      const stretch = tail.find(position, 20)
      expect(stretch !== undefined, `${position} of ${end}`).toBe(position >= tail.firstPosition)
      if (stretch !== undefined) expect(sliceOf(stretch, position, 20)[0]).toBe(position / 20 + 1)
    }
    clock.finishTurn()
  }
})
