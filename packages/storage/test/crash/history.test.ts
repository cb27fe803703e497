import { beforeEach, describe, expect, test } from 'vitest'
import { type Findings, type Found, History } from './history.ts'

let history: History

function found(id: number, changes: Partial<Found> = {}): Found {
  return {
    topic: 'T',
    queueId: 0,
    body: `body ${id}`,
    properties: '',
    queueOffset: id,
    count: 1,
    physicalOffset: id * 100,
    totalSize: 100,
    storeTimestamp: 1000,
    ...changes,
  }
}

function findings(messages: Found[], positionsByKey: Findings['positionsByKey'] = ({ id }) => [id * 100]): Findings {
  const maxOffset = (messages.at(-1)?.queueOffset ?? -1) + 1
  const minOffset = messages[0]?.queueOffset ?? 0
  return { minPosition: 0, queues: [{ topic: 'T', queueId: 0, minOffset, maxOffset, messages }], positionsByKey }
}

beforeEach(() => {
  history = new History()
  for (let id = 0; id < 3; id++) {
    history.add({ id, topic: 'T', queueId: 0, body: `body ${id}`, properties: '', key: `k${id}`, count: 1 })
  }
  for (let id = 0; id < 2; id++) history.confirm(id, found(id), true)
})

describe('the checker', () => {
  test('finds nothing when the confirmed ones are there, with or without the last', () => {
    expect(history.check('power', findings([found(0), found(1), found(2)]))).toEqual([])
    expect(history.check('power', findings([found(0), found(1), found(2)]))).toEqual([])
  })

  test.each<[string, Findings, RegExp]>([
    ['a confirmed message that is lost', findings([found(0)]), /1 of T\/0 was confirmed and is lost/],
    ['a message that nobody put', findings([found(0), found(1), found(2, { body: 'other' })]), /nobody put/],
    ['properties that nobody put', findings([found(0), found(1, { properties: 'x' })]), /nobody put/],
    ['a message that is there twice', findings([found(0), found(1), found(2, { body: 'body 1' })]), /twice/],
    [
      'an order that nobody put in',
      findings([found(0), found(1, { body: 'body 2' }), found(2, { body: 'body 1' })]),
      /after 2/,
    ],
    [
      'a message at another offset than was told',
      findings([found(0, { queueOffset: 1 }), found(1, { queueOffset: 2 })]),
      /was put at 0/,
    ],
    [
      'a batch with another number of messages',
      findings([found(0), found(1, { count: 2 })]),
      /has at 1 what nobody put/,
    ],
    ['a gap in the offsets', findings([found(0), found(1), found(2, { queueOffset: 3 })]), /3 where 2 was expected/],
    ['a store time that falls', findings([found(0), found(1, { storeTimestamp: 999 })]), /fall by 1 ms at 1/],
    ['a message that is lost in front of one that is there', findings([found(0), found(2)]), /lost/],
    ['a message that its key does not find', findings([found(0), found(1)], () => []), /not found by its key/],
  ])('finds %s', (_, wrong, problem) => {
    expect(history.check('power', wrong).join('\n')).toMatch(problem)
  })

  test('finds a message that was lost and shows again', () => {
    expect(history.check('power', findings([found(0), found(1)]))).toEqual([])
    expect(history.check('power', findings([found(0), found(1), found(2)])).join()).toMatch(/shows again/)
  })
})
