import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { itemsProblem, type LogicQueue, replacedMapping, type TopicQueueMappingDetail } from '../../src/index.ts'
import { item, movedQueues } from './items-kit.ts'

function mapping(queues: Record<number, LogicQueue>, changes: Partial<TopicQueueMappingDetail> = {}) {
  return {
    topic: 'T',
    scope: '__global__',
    totalQueues: Object.keys(queues).length,
    bname: 'broker-a',
    epoch: 10,
    dirty: false,
    currIdMap: new Map(),
    hostedQueues: new Map(Object.entries(queues).map(([id, items]) => [Number(id), [...items]])),
    ...changes,
  }
}

const first = item({ gen: 0, logicOffset: 0 })
const second = item({ gen: 1, queueId: 1, bname: 'broker-b', logicOffset: 100 })

describe('items', () => {
  test('that moves make are a logical queue, and also while it is not decided where the last one begins', () => {
    fc.assert(
      fc.property(movedQueues, ({ items }) => {
        expect(itemsProblem(items)).toBeUndefined()
        expect(itemsProblem([...items, item({ gen: 99, logicOffset: -1 })])).toBeUndefined()
      }),
    )
  })

  test.each([
    ['numbers below 0', [item({ queueId: -1 })]],
    ['an end before the start', [item({ startOffset: 5, endOffset: 4 })]],
    ['no broker', [item({ bname: undefined })]],
    ['generations that do not ascend', [item({ gen: 1 }), item({ gen: 1, logicOffset: 100 })]],
    ['offsets that do not ascend', [item({ logicOffset: 100 }), item({ gen: 1, logicOffset: 100 })]],
    ['offsets that overlap', [item({ endOffset: 100 }), item({ gen: 1, logicOffset: 100 })]],
    ['one that is not the last and not decided', [item({ logicOffset: -1 }), item({ gen: 1, logicOffset: 100 })]],
  ])('with %s are none', (_what, items) => {
    expect(itemsProblem(items)).toEqual(expect.any(String))
  })
})

describe('a mapping', () => {
  test('is taken as it is where there was none', () => {
    const next = mapping({ 0: [first] })
    expect(replacedMapping(next, undefined, false)).toEqual(next)
  })

  test.each([
    ['a smaller epoch', mapping({ 0: [first] }, { epoch: 9 })],
    ['another scope', mapping({ 0: [first] }, { scope: 'other', epoch: 11 })],
    ['a queue less in the same epoch', mapping({})],
    ['another leader in the same epoch', mapping({ 0: [first, second] })],
    ['an item elsewhere', mapping({ 0: [{ ...first, queueId: 3 }] }, { epoch: 11 })],
    ['an item that begins elsewhere', mapping({ 0: [{ ...first, logicOffset: 7 }] }, { epoch: 11 })],
  ])('with %s is refused, unless it is forced', (_what, next) => {
    const before = mapping({ 0: [first] })
    expect(replacedMapping(next, before, false)).toEqual(expect.any(String))
    expect(replacedMapping(next, before, true)).toMatchObject({ epoch: next.epoch, scope: next.scope })
  })

  test('of a later epoch keeps the queues that it does not name', () => {
    const other = { ...second, queueId: 7 }
    const before = mapping({ 0: [first], 1: [other] })
    const next = mapping({ 0: [first, second] }, { epoch: 11 })
    expect(replacedMapping(next, before, false)).toMatchObject({
      epoch: 11,
      hostedQueues: new Map([
        [0, [first, second]],
        [1, [other]],
      ]),
    })
  })

  test('may decide once where an item begins, and a repeated move leaves it decided', () => {
    const undecided = { ...second, logicOffset: -1 }
    const before = mapping({ 0: [first, undecided] })
    const decided = mapping({ 0: [first, second] })
    expect(replacedMapping(decided, before, false)).toEqual(decided)
    expect(replacedMapping(before, decided, false)).toEqual(decided)
    const otherwise = mapping({ 0: [first, { ...second, logicOffset: 200 }] })
    expect(replacedMapping(otherwise, decided, false)).toEqual(expect.any(String))
  })

  test('may lose items at the front, whose messages are gone', () => {
    const before = mapping({ 0: [first, second] })
    const next = mapping({ 0: [second] })
    expect(replacedMapping(next, before, false)).toEqual(next)
    expect(replacedMapping(before, next, false)).toEqual(before)
  })

  test('in which two logical queues share a queue of a broker is refused, also with one that stays', () => {
    expect(replacedMapping(mapping({ 0: [first], 1: [first] }), undefined, true)).toMatch(/share queue 0 of broker-a/)
    const before = mapping({ 0: [first], 1: [second] })
    const next = mapping({ 2: [{ ...second, gen: 5 }] }, { epoch: 11, totalQueues: 3 })
    expect(replacedMapping(next, before, false)).toMatch(/share queue 1 of broker-b/)
  })

  test('with a logical queue that cannot be one is refused, also when it is forced', () => {
    expect(replacedMapping(mapping({ 0: [] }), undefined, true)).toEqual(expect.any(String))
    expect(replacedMapping(mapping({ 0: [second, first] }), undefined, true)).toEqual(expect.any(String))
  })
})
