import { beforeEach, describe, expect, test } from 'vitest'
import { type Checkpoint, Receipts } from '../../src/pop/receipts.ts'
import { Revival } from '../../src/pop/revival.ts'

const popTime = 10_000
const dueMs = popTime + 1000
const one: Checkpoint = {
  ...{ topic: 'T', group: 'g', queueId: 0, startOffset: 5, popTime, invisibleTime: 1000 },
  ...{ offsets: [5, 6], reviveQueueId: 0, isSuspended: false },
}
const other = { ...one, startOffset: 7, offsets: [7] }

let receipts: Receipts
let timer: { max: number; added: number; deliveredMs: number }
let reviveMax: number
let revival: Revival

beforeEach(() => {
  receipts = new Receipts(0, () => 10)
  timer = { max: 0, added: 0, deliveredMs: Number.POSITIVE_INFINITY }
  reviveMax = 0
  revival = new Revival(0, {
    epoch: () => 'now',
    receipts,
    timer: {
      precisionMs: 100,
      maxOffset: () => timer.max,
      addedOffset: () => timer.added,
      deliveredMs: () => timer.deliveredMs,
    },
    maxOffset: () => reviveMax,
  })
})

function readCheckpoint(offset: number, checkpoint: Checkpoint, epoch = 'now'): void {
  if (epoch === 'now') receipts.add(checkpoint)
  revival.read(offset, { kind: 'checkpoint', checkpoint, acknowledged: [], epoch })
  reviveMax = offset + 1
}

function readAck(offset: number, checkpoint: Checkpoint, ...offsets: number[]): void {
  revival.read(offset, { kind: 'ack', name: checkpoint, offsets })
  reviveMax = offset + 1
}

const due = (nowMs: number) => revival.takeDue(nowMs, 32).map(({ offsets }) => offsets)

describe('of a checkpoint of this life', () => {
  test('what is not acknowledged is due at its time, and not before', () => {
    readCheckpoint(0, one)
    receipts.acknowledge(one, 5)
    receipts.settle(one, 5, true)
    expect(revival.waitMs(popTime)).toBe(1000)
    expect(due(dueMs - 1)).toEqual([])
    expect(due(dueMs)).toEqual([[6]])
    expect(due(dueMs)).toEqual([])
  })

  test('nothing is due while an acknowledgement is being stored', () => {
    readCheckpoint(0, one)
    receipts.acknowledge(one, 5)
    expect(due(dueMs)).toEqual([])
    receipts.settle(one, 5, false)
    expect(due(dueMs)).toEqual([[5, 6]])
  })

  test('whose messages are all acknowledged nothing is kept', () => {
    receipts.add(other)
    receipts.acknowledge(other, 7)
    receipts.settle(other, 7, true)
    revival.read(0, { kind: 'checkpoint', checkpoint: other, acknowledged: [], epoch: 'now' })
    expect([revival.pendingCount, revival.doneOffset]).toEqual([0, 1])
  })
})

describe('of a checkpoint of an earlier life', () => {
  test('what no record says to be acknowledged is due once no record can come any more', () => {
    timer = { max: 4, added: 3, deliveredMs: dueMs - 500 }
    readCheckpoint(0, one, 'before')
    readAck(1, one, 6)
    expect(due(dueMs)).toEqual([])
    timer.added = 4
    expect(due(dueMs)).toEqual([])
    timer.deliveredMs = dueMs + 99
    expect(due(dueMs + 200)).toEqual([])
    timer.deliveredMs = dueMs + 100
    reviveMax = 3
    expect(due(dueMs + 200)).toEqual([])
    readAck(2, other, 7)
    expect(due(dueMs + 200)).toEqual([[5]])
  })

  test('an acknowledgement counts that stands before it', () => {
    readAck(0, one, 5)
    readCheckpoint(1, one, 'before')
    expect(due(dueMs)).toEqual([[6]])
  })

  test('nothing is due while an acknowledgement is being stored now', () => {
    receipts = new Receipts(popTime + 1, () => 10)
    const late = new Revival(0, {
      epoch: () => 'now',
      receipts,
      timer: {
        precisionMs: 100,
        maxOffset: () => 0,
        addedOffset: () => 0,
        deliveredMs: () => Number.POSITIVE_INFINITY,
      },
      maxOffset: () => 1,
    })
    late.read(0, { kind: 'checkpoint', checkpoint: one, acknowledged: [], epoch: 'before' })
    expect(receipts.acknowledge(one, 5)).toBe('unknown')
    expect(late.takeDue(dueMs, 32)).toEqual([])
    receipts.settle(one, 5, true)
    expect(late.takeDue(dueMs, 32)).toHaveLength(1)
  })

  test('a record that the timer delivers once more is the same one', () => {
    readCheckpoint(0, one, 'before')
    readAck(1, one, 5)
    readCheckpoint(2, one, 'before')
    expect(due(dueMs)).toEqual([[6]])
  })
})

test('progress stays before the first checkpoint that is not dealt with', () => {
  readCheckpoint(0, { ...one, popTime: popTime + 5000 })
  readCheckpoint(1, one)
  expect(revival.doneOffset).toBe(0)
  const [taken] = revival.takeDue(dueMs, 32)
  revival.settle(taken!, true)
  expect(revival.doneOffset).toBe(0)
  const [second] = revival.takeDue(dueMs + 5000, 32)
  revival.settle(second!, true)
  expect([revival.doneOffset, revival.readOffset]).toEqual([2, 2])
})

test('progress stays before an acknowledgement that stands before its checkpoint, until that is dealt with', () => {
  readCheckpoint(0, other, 'before')
  readAck(1, one, 5)
  readCheckpoint(2, one, 'before')
  const [first] = revival.takeDue(dueMs, 1)
  revival.settle(first!, true)
  expect(revival.doneOffset).toBe(1)
  const [second] = revival.takeDue(dueMs, 1)
  revival.settle(second!, true)
  expect(revival.doneOffset).toBe(3)
})

test('what could not be made visible is due still', () => {
  readCheckpoint(0, one)
  const [taken] = revival.takeDue(dueMs, 32)
  revival.settle(taken!, false)
  expect(due(dueMs)).toEqual([[5, 6]])
})
