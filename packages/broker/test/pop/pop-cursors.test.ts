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

  test('is given again what could not be stored, and all behind it', () => {
    const first = cursor().take(10, 13)
    const second = cursor().take(13, 20)
    const third = cursor().take(20, 21)
    cursor().refused(second)
    expect(cursor().position).toBe(13)
    // It was given to somebody, and comes once more all the same.
    cursor().stored(third)
    cursor().stored(first)
    expect(committed).toBe(13)
    expect(cursor().position).toBe(13)
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
