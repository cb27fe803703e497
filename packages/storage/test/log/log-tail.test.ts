import { expect, test } from 'vitest'
import { LogTail } from '../../src/log/log-tail.ts'
import { sliceOf } from '../../src/log/stretch.ts'

const blockBytes = 64

/** Appends bytes of one value and gives their position. */
function append(tail: LogTail, position: number, byteCount: number, value: number): number {
  const { bytes, at } = tail.reserve(position, byteCount)
  bytes.fill(value, at, at + byteCount)
  return position + byteCount
}

test('what was handed out never changes, however much is appended', () => {
  const tail = new LogTail(2 * blockBytes, blockBytes)
  let end = 0
  const lent: { slice: Buffer; value: number }[] = []
  for (let value = 1; value <= 200; value++) {
    const position = end
    end = append(tail, position, 20, value)
    if (value % 7 === 0) lent.push({ slice: sliceOf(tail.find(position, 20)!, position, 20), value })
    tail.release(end)
  }
  for (const { slice, value } of lent)
    expect(
      slice.every((byte) => byte === value),
      `record ${value}`,
    ).toBe(true)
})

test('memory that nobody has is used again', () => {
  const tail = new LogTail(2 * blockBytes, blockBytes)
  const seen = new Set<ArrayBufferLike>()
  let end = 0
  for (let value = 0; value < 300; value++) {
    seen.add(tail.reserve(end, 20).bytes.buffer)
    end += 20
    expect(tail.has(end - 20, 20)).toBe(true)
    tail.release(end)
  }
  expect(seen.size).toBeLessThanOrEqual(4)
})

test('a block larger than others is not used for them again', () => {
  const tail = new LogTail(2 * blockBytes, blockBytes)
  let end = append(tail, 0, 10 * blockBytes, 1)
  for (let value = 2; value < 50; value++) {
    end = append(tail, end, 20, value)
    tail.release(end)
    expect(sliceOf(tail.find(end - 20, 20)!, end - 20, 20).every((byte) => byte === value)).toBe(true)
  }
})
