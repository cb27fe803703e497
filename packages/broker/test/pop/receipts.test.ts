import { describe, expect, test } from 'vitest'
import { type Checkpoint, Receipts } from '../../src/pop/receipts.ts'

const startMs = 1000

function checkpoint(changes: Partial<Checkpoint> = {}): Checkpoint {
  return {
    ...{ topic: 'T', group: 'g', queueId: 0, startOffset: 5, popTime: 2000, invisibleTime: 1000 },
    ...{ offsets: [5, 7, 8], reviveQueueId: 0, isSuspended: false },
    ...changes,
  }
}

function withOne(doneMax = 10): { receipts: Receipts; one: Checkpoint } {
  const receipts = new Receipts(startMs, () => doneMax)
  const one = checkpoint()
  receipts.add(one)
  return { receipts, one }
}

function acknowledge(receipts: Receipts, one: Checkpoint, ...offsets: number[]): void {
  for (const offset of offsets) {
    expect(receipts.acknowledge(one, offset)).toBe('begun')
    receipts.settle(one, offset, true)
  }
}

describe('an acknowledgement', () => {
  test('counts when it is stored, and repeated it counts already', () => {
    const { receipts, one } = withOne()
    expect(receipts.acknowledge(one, 7)).toBe('begun')
    expect(receipts.outstanding(one)).toEqual({ kind: 'wait' })
    expect(receipts.acknowledge(one, 7)).toBe('under-way')
    receipts.settle(one, 7, true)
    expect(receipts.acknowledge(one, 7)).toBe('done')
    expect(receipts.outstanding(one)).toEqual({ kind: 'offsets', offsets: [5, 8] })
  })

  test('that could not be stored does not count', () => {
    const { receipts, one } = withOne()
    receipts.acknowledge(one, 7)
    receipts.settle(one, 7, false)
    expect(receipts.outstanding(one)).toEqual({ kind: 'offsets', offsets: [5, 7, 8] })
    expect(receipts.acknowledge(one, 7)).toBe('begun')
  })

  test('of another message, group, queue or time is none', () => {
    const { receipts, one } = withOne()
    expect(receipts.acknowledge(one, 6)).toBe('no-such-message')
    for (const changes of [{ group: 'h' }, { topic: 'U' }, { queueId: 1 }, { startOffset: 4 }, { popTime: 2001 }]) {
      expect(receipts.acknowledge(checkpoint(changes), 7)).toBe('never-given')
    }
  })

  test('whose record would not come behind that of the checkpoint is none, before and after all is acknowledged', () => {
    const { receipts, one } = withOne()
    const forged = [{ invisibleTime: 999 }, { invisibleTime: 1001 }, { reviveQueueId: 1 }].map(checkpoint)
    for (const each of forged) expect(receipts.acknowledge(each, 7)).toBe('no-such-message')
    acknowledge(receipts, one, 5, 7, 8)
    for (const each of forged) expect(receipts.acknowledge(each, 7)).toBe('no-such-message')
  })

  test('of all messages ends the checkpoint, which is remembered until its time', () => {
    const { receipts, one } = withOne()
    acknowledge(receipts, one, 5, 7, 8)
    expect([receipts.openCount, receipts.messageCount]).toEqual([0, 0])
    expect(receipts.acknowledge(one, 5)).toBe('done')
    expect(receipts.acknowledge(one, 6)).toBe('no-such-message')
    receipts.close(one)
    expect(receipts.acknowledge(one, 5)).toBe('never-given')
  })

  test('of a message that has another receipt since is refused', () => {
    const { receipts, one } = withOne()
    receipts.acknowledge(one, 5)
    receipts.settle(one, 5, true, true)
    expect(receipts.acknowledge(one, 5)).toBe('replaced')
    acknowledge(receipts, one, 7, 8)
    expect(receipts.acknowledge(one, 5)).toBe('replaced')
    expect(receipts.acknowledge(one, 7)).toBe('done')
  })
})

test('a receipt of an earlier life is told from one that nobody gave', () => {
  const { receipts } = withOne()
  const earlier = checkpoint({ popTime: startMs - 1 })
  expect(receipts.isForeignUnderWay(earlier)).toBe(false)
  expect(receipts.acknowledge(earlier, 5)).toBe('unknown')
  expect(receipts.isForeignUnderWay(earlier)).toBe(true)
  receipts.settle(earlier, 5, true)
  expect(receipts.isForeignUnderWay(earlier)).toBe(false)
  expect(receipts.acknowledge(checkpoint({ popTime: startMs }), 5)).toBe('never-given')
})

test('a receipt of an earlier life is not taken once what is as old is visible again, whatever the clock says', () => {
  const { receipts, one } = withOne()
  const earlier = (popTime: number) => checkpoint({ popTime, invisibleTime: 1000 })
  receipts.revive(earlier(600))
  expect(receipts.acknowledge(earlier(600), 5)).toBe('expired')
  expect(receipts.acknowledge(earlier(601), 5)).toBe('unknown')
  receipts.revive(checkpoint({ popTime: 9000 }))
  expect(receipts.acknowledge(one, 5)).toBe('begun')
})

test('acknowledged checkpoints are remembered up to the limit; receipts as old as a forgotten one cannot be told', () => {
  const receipts = new Receipts(startMs, () => 1)
  const [first, second] = [checkpoint({ popTime: 2000 }), checkpoint({ popTime: 2001 })]
  for (const one of [first!, second!]) {
    receipts.add(one)
    acknowledge(receipts, one, 5, 7, 8)
  }
  expect(receipts.acknowledge(first!, 5)).toBe('unknown')
  expect(receipts.acknowledge(second!, 5)).toBe('done')
  expect(receipts.acknowledge(checkpoint({ popTime: 2002 }), 5)).toBe('never-given')
})

test('a receipt of an earlier life ends when its message has another one, and of very many the newest are known', () => {
  const receipts = new Receipts(startMs, () => 2)
  const earlier = (popTime: number) => checkpoint({ popTime })
  const change = (popTime: number, isStored: boolean) => {
    expect(receipts.acknowledge(earlier(popTime), 5)).toBe('unknown')
    receipts.settle(earlier(popTime), 5, isStored, true)
  }
  change(1, false)
  for (const popTime of [1, 2, 3]) change(popTime, true)
  const stateOf = (popTime: number, offset: number) => receipts.acknowledge(earlier(popTime), offset)
  expect([stateOf(3, 5), stateOf(2, 5), stateOf(3, 7), stateOf(1, 5)]).toEqual([
    ...['replaced', 'replaced'],
    ...['unknown', 'unknown'],
  ])
  receipts.closeForeign(earlier(3))
  expect(stateOf(3, 5)).toBe('unknown')
})

test('what a group has and did not acknowledge is counted by queue', () => {
  const { receipts, one } = withOne()
  receipts.add(checkpoint({ popTime: 2001, offsets: [9] }))
  expect(receipts.outstandingIn('T', 'g', 0)).toBe(4)
  acknowledge(receipts, one, 5)
  expect(receipts.outstandingIn('T', 'g', 0)).toBe(3)
  receipts.close(one)
  expect(receipts.outstandingIn('T', 'g', 0)).toBe(1)
  receipts.removeTopic('T')
  expect([receipts.outstandingIn('T', 'g', 0), receipts.openCount, receipts.messageCount]).toEqual([0, 0, 0])
})

test('the last of 32 messages is one like the others', () => {
  const receipts = new Receipts(startMs, () => 1)
  const many = checkpoint({ offsets: Array.from({ length: 32 }, (_, index) => index) })
  receipts.add(many)
  acknowledge(receipts, many, 31, 0)
  expect(receipts.outstanding(many)).toEqual({ kind: 'offsets', offsets: many.offsets.slice(1, 31) })
  acknowledge(receipts, many, ...many.offsets.slice(1, 31))
  expect(receipts.openCount).toBe(0)
})

test('a replaced receipt stays so when it is forgotten among very many that are done', () => {
  const receipts = new Receipts(startMs, () => 1)
  const [changed, other] = [checkpoint({ offsets: [5] }), checkpoint({ offsets: [5], popTime: 3000 })]
  for (const one of [changed, other]) {
    receipts.add(one)
    receipts.acknowledge(one, 5)
    receipts.settle(one, 5, true, one === changed)
  }
  expect(receipts.acknowledge(changed, 5)).toBe('replaced')
})

test('receipts of what is deleted are forgotten in slices, and not those that are given of what is made anew', () => {
  const slices: Iterator<unknown>[] = []
  const receipts = new Receipts(startMs, () => 1000, { inSlices: (steps) => slices.push(steps) })
  for (let index = 0; index < 300; index++) receipts.add(checkpoint({ startOffset: 5, popTime: 2000 + index }))
  acknowledge(receipts, checkpoint({ popTime: 2299 }), 5, 7, 8)
  receipts.removeTopic('T')
  const anew = checkpoint({ popTime: 3000 })
  receipts.add(anew)
  slices[0]!.next()
  expect(receipts.openCount).toBeGreaterThan(200)
  while (slices[0]!.next().done !== true);
  expect([receipts.openCount, receipts.messageCount, receipts.outstandingIn('T', 'g', 0)]).toEqual([1, 3, 3])
  expect(receipts.has(checkpoint({ popTime: 2299 }))).toBe(false)
})
