import { describe, expect, test } from 'vitest'
import { queryMessage } from '../../src/reading/handlers/query-message.ts'
import { PacedReads } from '../../src/reading/paced-reads.ts'
import { ask } from '../call-kit.ts'

/** @param positions of messages that have the key, newest first, as the index gives them */
function handlerOver(positions: readonly number[]) {
  const countsAsked: number[] = []
  const handler = queryMessage({
    pacedReads: new PacedReads({ perConnectionMax: 10, crowdedFrom: 1000, perConnectionMaxWhenCrowded: 1 }),
    store: {
      findByKey(_topic, _key, _kind, countMax) {
        countsAsked.push(countMax)
        return positions.slice(0, countMax)
      },
      recordAt: (position) => Promise.resolve(Buffer.from(`${position};`)),
      lastIndexed: { storeTimestamp: 7, physicalOffset: 8 },
    },
    settings: () => ({ defaultQueryMaxNum: 32, maxMsgsNumBatch: 64 }),
  })
  const query = (changes: { maxNum?: number; _UNIQUE_KEY_QUERY?: boolean } = {}) =>
    ask(handler, { topic: 'T', key: 'k', maxNum: 16, beginTimestamp: 0, endTimestamp: 1, ...changes })
  return { query, countsAsked }
}

describe('a query by key', () => {
  test('answers the newest messages in the order in which they were stored', async () => {
    const { query } = handlerOver([9, 5, 3, 1])
    expect((await query()).body.toString()).toBe('1;3;5;9;')
    expect((await query({ maxNum: 2 })).body.toString()).toBe('5;9;')
    expect((await query({ maxNum: 1 })).header).toEqual({ indexLastUpdateTimestamp: 7, indexLastUpdatePhyoffset: 8 })
  })

  test('answers a message once that has the key several times', async () => {
    const { query } = handlerOver([9, 9, 3, 3, 3])
    expect((await query()).body.toString()).toBe('3;9;')
  })

  test('by unique id takes no number from the request', async () => {
    const { query, countsAsked } = handlerOver([2, 1])
    expect((await query({ maxNum: 1, _UNIQUE_KEY_QUERY: true })).body.toString()).toBe('1;2;')
    expect((await query({ maxNum: -1, _UNIQUE_KEY_QUERY: true })).code).toBe(0)
    expect(countsAsked).toEqual([32, 32])
  })

  test('for none finds none, and for fewer than none is refused', async () => {
    const { query } = handlerOver([2, 1])
    const zeros = { indexLastUpdateTimestamp: 0, indexLastUpdatePhyoffset: 0 }
    expect(await query({ maxNum: 0 })).toMatchObject({ code: 22, header: zeros })
    expect(await query({ maxNum: -1 })).toMatchObject({ code: 29, remark: 'maxNum is -1: it must be 0 or more' })
  })

  test('asks for no more than a request may have', async () => {
    const { query, countsAsked } = handlerOver([])
    expect(await query({ maxNum: 1000 })).toMatchObject({ code: 22 })
    expect(countsAsked).toEqual([64])
  })
})
