import { beforeEach, describe, expect, test } from 'vitest'
import { PopCursors } from '../../src/pop/pop-cursors.ts'

let committed: number | undefined
let cursors: PopCursors

beforeEach(() => {
  committed = 10
  cursors = new PopCursors({
    offset: () => committed,
    commit: (_group, _topic, _queueId, offset) => {
      committed = offset
    },
  })
})

const cursor = () => cursors.at('g', 'T', 0)

describe('a group', () => {
  test('reads on behind what it was given, while the offset that lasts follows what is stored', () => {
    const first = cursor().take(10, 13)
    const second = cursor().take(13, 20)
    expect(cursor().position).toBe(20)
    expect(committed).toBe(10)
    cursor().stored(second)
    expect(committed).toBe(10)
    cursor().stored(first)
    expect(committed).toBe(20)
    expect(cursor().position).toBe(20)
  })

  test('is given again what could not be stored, and not what others have', () => {
    const first = cursor().take(10, 13)
    const second = cursor().take(13, 20)
    const third = cursor().take(20, 21)
    cursor().refused(second)
    expect([cursor().position, cursor().limit]).toEqual([13, 20])
    cursor().stored(third)
    cursor().stored(first)
    expect(committed).toBe(13)
    const again = cursor().take(13, 15)
    expect([cursor().position, cursor().limit]).toEqual([15, 20])
    const rest = cursor().take(16, 20)
    expect([cursor().position, cursor().limit]).toEqual([21, Number.POSITIVE_INFINITY])
    cursor().stored(rest)
    cursor().stored(again)
    expect(committed).toBe(21)
  })

  test('is given again what could not be stored, though somebody reads behind it', () => {
    const one = cursor()
    const first = one.take(10, 13)
    one.isReading = true
    one.refused(first)
    one.isReading = false
    const second = one.take(13, 20)
    one.stored(second)
    expect([committed, one.position, one.limit]).toEqual([10, 10, 13])
    one.stored(one.take(10, 13))
    expect([committed, one.position]).toEqual([20, 20])
  })

  test('is given all again of which nothing could be stored', () => {
    const spans = [cursor().take(10, 13), cursor().take(13, 20)]
    for (const span of spans) cursor().refused(span)
    expect([cursor().position, cursor().limit]).toEqual([10, Number.POSITIVE_INFINITY])
  })

  test('goes on where it is put, whatever is under way', () => {
    const first = cursor().take(10, 13)
    cursor().moveTo(4)
    cursor().stored(first)
    expect(committed).toBe(4)
    expect(cursor().position).toBe(4)
  })

  test('that is new to a queue has no position', () => {
    committed = undefined
    expect(cursor().position).toBeUndefined()
    expect(cursors.position('g', 'T', 0)).toBeUndefined()
  })
})

test('a cursor is kept for as long as something is under way', () => {
  const one = cursor()
  const span = one.take(10, 11)
  cursors.release(one)
  expect(cursors.count).toBe(1)
  one.stored(span)
  one.isReading = true
  cursors.release(one)
  expect(cursors.count).toBe(1)
  one.isReading = false
  cursors.release(one)
  expect(cursors.count).toBe(0)
})

test.each([
  ['a deleted topic', () => cursors.removeTopic('T')],
  ['queues whose ends were cut off', () => cursors.clear()],
])('what was under way in %s moves nothing of what came after', (_what, forget) => {
  const before = cursor()
  const span = before.take(10, 13)
  forget()
  committed = 0
  const after = cursor()
  after.take(0, 2)
  before.stored(span)
  before.moveTo(13)
  cursors.release(before)
  expect(committed).toBe(0)
  expect(cursor()).toBe(after)
  expect(cursor().position).toBe(2)
})

test('cursors of a deleted topic are forgotten', () => {
  cursor().take(10, 11)
  cursors.at('g', 'U', 0).take(10, 11)
  cursors.removeTopic('T')
  expect(cursors.count).toBe(1)
  expect(cursors.position('g', 'T', 0)).toBe(10)
})
