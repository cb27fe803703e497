import { CrashableFileSystem, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { beforeEach, describe, expect, test } from 'vitest'
import { OrderTable } from '../../src/pop/order-table.ts'
import { keptAt } from '../kept/config-kit.ts'

const path = '/store/consumerOrderInfo.json'
const key = { topic: 'T', group: 'g', queueId: 1 }
const hourMs = 3_600_000
let clock: SteppedClock
let fileSystem: CrashableFileSystem
let committed: number
let table: OrderTable

function open(): OrderTable {
  return new OrderTable({
    clock,
    kept: { config: keptAt(path, { clock, disk: fileSystem }), flushIntervalMs: 5000 },
    committed: () => committed,
    isKept: ({ queueId }) => queueId < 4,
  })
}

beforeEach(() => {
  clock = new SteppedClock()
  fileSystem = new CrashableFileSystem(() => clock.now())
  fileSystem.makeFolder('/store')
  committed = 0
  table = open()
})

const give = (attemptId: string | undefined, ...offsets: number[]) =>
  Object.fromEntries(table.give(key, { popTime: clock.now(), invisibleTime: 1000, attemptId, offsets }))

describe('a queue is blocked', () => {
  test('until all is acknowledged', () => {
    const popTime = clock.now()
    give('1', 5, 7)
    expect(table.isBlocked(key, '2')).toBe(true)
    expect(table.acknowledge(key, 7, popTime)).toBe(5)
    expect(table.isBlocked(key, '2')).toBe(true)
    expect(table.acknowledge(key, 5, popTime)).toBe(8)
    expect(table.isBlocked(key, '2')).toBe(false)
  })

  test('until its time is over, or that of single messages', () => {
    const popTime = clock.now()
    give('1', 5, 7)
    expect(table.setVisible(key, 7, popTime, popTime + 3000)).toBe(true)
    clock.advance(1000)
    expect(table.blockedUntilMs(key)).toBe(popTime + 3000)
    clock.advance(2000)
    expect(table.blockedUntilMs(key)).toBeUndefined()
  })

  test('not for the attempt that it was given to, and not for other queues and groups', () => {
    give('1', 5)
    expect(table.isBlocked(key, '1')).toBe(false)
    expect(table.isBlocked(key, undefined)).toBe(true)
    expect(table.isBlocked({ ...key, queueId: 2 }, '2')).toBe(false)
    expect(table.isBlocked({ ...key, group: 'h' }, '2')).toBe(false)
  })

  test('not by what is before the offset of the group', () => {
    give('1', 5, 6)
    committed = 7
    expect(table.isBlocked(key, '2')).toBe(false)
  })
})

test('what was acknowledged before others is passed by when these are, given alone', () => {
  const popTime = clock.now()
  give('1', 0, 1, 2, 3, 4)
  for (const offset of [0, 2, 4]) table.acknowledge(key, offset, popTime)
  clock.advance(1000)
  give('2', 1)
  expect(table.acknowledge(key, 1, clock.now())).toBe(3)
  expect(table.isAcknowledged(key, 4)).toBe(true)
  give('3', 3)
  expect(table.acknowledge(key, 3, clock.now())).toBe(5)
})

test('in memory alone it is forgotten when all is acknowledged, and not before', () => {
  const inMemory = new OrderTable({ clock, committed: () => 0, isKept: () => true })
  const popTime = clock.now()
  const giveOnly = (...offsets: number[]) =>
    inMemory.give(key, { popTime: clock.now(), invisibleTime: 1000, attemptId: undefined, offsets })
  giveOnly(0, 1, 2, 3)
  for (const offset of [0, 3]) inMemory.acknowledge(key, offset, popTime)
  clock.advance(1000)
  giveOnly(1)
  expect([inMemory.acknowledge(key, 1, clock.now()), inMemory.isAcknowledged(key, 3), inMemory.count]).toEqual([
    2,
    true,
    1,
  ])
  giveOnly(2)
  expect([inMemory.acknowledge(key, 2, clock.now()), inMemory.count]).toEqual([4, 0])
})

test('deliveries are counted, but for an attempt that asks once more', () => {
  expect(give('1', 5, 6)).toEqual({})
  expect(give('1', 5, 6)).toEqual({})
  expect(give('2', 5, 6)).toEqual({ 5: 1, 6: 1 })
  expect(give(undefined, 6, 7)).toEqual({ 6: 2 })
})

test('what was not given then is not acknowledged, and does not become visible', () => {
  const popTime = clock.now()
  give('1', 5)
  expect(table.acknowledge(key, 5, popTime + 1)).toBeUndefined()
  expect(table.acknowledge(key, 6, popTime)).toBeUndefined()
  expect(table.acknowledge({ ...key, group: 'h' }, 5, popTime)).toBeUndefined()
  expect(table.setVisible(key, 6, popTime, 0)).toBe(false)
  table.acknowledge(key, 5, popTime)
  expect(table.setVisible(key, 5, popTime, 0)).toBe(false)
})

test('what was acknowledged behind others is kept, though fewer were given since', () => {
  give('1', 5, 6, 8)
  table.acknowledge(key, 8, clock.now())
  clock.advance(2000)
  give('2', 5)
  table.close()
  table = open()
  expect([5, 6, 8].map((offset) => table.isAcknowledged(key, offset))).toEqual([false, false, true])
  // The one between is not passed by, and holds nothing back.
  expect(table.acknowledge(key, 5, clock.now())).toBe(6)
  expect(table.isBlocked(key, '3')).toBe(false)
})

test('it is kept as the official broker keeps it', () => {
  const popTime = clock.now()
  give('1', 5, 7, 36)
  give('2', 5, 7, 36)
  table.acknowledge(key, 36, popTime)
  table.setVisible(key, 7, popTime, popTime + 9)
  table.give({ ...key, queueId: 9 }, { popTime, invisibleTime: 1, attemptId: undefined, offsets: [1] })
  table.close()
  const text = String(fileSystem.readFile(path))
  expect(JSON.parse(text).table).toEqual({
    'T@g': {
      1: {
        ...{ popTime, i: 1000, l: popTime, o: [5, 2, 31], cm: 4, a: '2' },
        ...{ oc: { 5: 1, 7: 1, 36: 1 }, ot: { 7: popTime + 9 } },
      },
    },
  })
  const again = open()
  expect([again.count, again.isAcknowledged(key, 36), again.blockedUntilMs(key)]).toEqual([1, true, popTime + 1000])
})

test('the last of 32 messages is one like the others', () => {
  const popTime = clock.now()
  const offsets = Array.from({ length: 32 }, (_, index) => 10 + index)
  give('1', ...offsets)
  table.acknowledge(key, 41, popTime)
  table.close()
  const again = open()
  expect([again.isAcknowledged(key, 41), again.isAcknowledged(key, 40)]).toEqual([true, false])
})

test('it is full with so many queues, of which those are forgotten that nothing holds back', () => {
  const popTime = clock.now()
  const giveOf = (queueId: number, invisibleTime: number, offset: number) =>
    table.give({ ...key, queueId }, { popTime, invisibleTime, attemptId: undefined, offsets: [offset] })
  giveOf(1, 1000, 5)
  giveOf(2, 5000, 9)
  giveOf(2, 5000, 9)
  const hasRoom = (queueId: number, max: number) => table.hasRoom({ ...key, queueId }, max)
  expect([hasRoom(3, 3), hasRoom(3, 2), hasRoom(2, 2)]).toEqual([true, false, true])
  expect(table.count).toBe(2)
  clock.advance(1000)
  expect([hasRoom(3, 2), table.count]).toEqual([true, 1])
  giveOf(3, 5000, 5)
  committed = table.acknowledge({ ...key, queueId: 3 }, 5, popTime)!
  expect([hasRoom(4, 2), hasRoom(4, 1), table.count]).toEqual([true, false, 1])
  table.close()
  expect(open().count).toBe(1)
  table.removeGroup('g')
  expect(table.count).toBe(0)
})

test('a queue of which messages are acknowledged behind one that is not is not forgotten for a day', () => {
  give('1', 5, 6)
  table.acknowledge(key, 6, clock.now())
  clock.advance(hourMs)
  const other = { ...key, queueId: 9 }
  expect(table.hasRoom(other, 1)).toBe(false)
  expect([table.hasRoom(key, 1), table.isAcknowledged(key, 6)]).toEqual([true, true])
  clock.advance(24 * hourMs)
  expect(table.hasRoom(other, 1)).toBe(true)
})

test('a deleted topic is forgotten', () => {
  give('1', 5)
  table.removeTopic('T')
  expect(table.count).toBe(0)
})

test('who asks while something removed is being written waits for it too', async () => {
  give('1', 5)
  table.removeTopic('T')
  const first = table.removed()
  let isTold = false
  const second = table.removed().then(() => {
    isTold = true
  })
  for (let step = 0; step < 10; step++) await Promise.resolve()
  expect(isTold).toBe(false)
  clock.advance(5000)
  await Promise.all([first, second])
  expect(open().count).toBe(0)
})
