import { SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { liteQueueOf } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { LiteEvents } from '../../src/lite/lite-events.ts'
import type { LiteClient } from '../../src/lite/lite-subscriptions.ts'

const clientOf = (clientId: string, isWildcard: boolean, queues: readonly string[] = []): LiteClient =>
  ({
    clientId,
    group: isWildcard ? 'all' : clientId,
    topic: 'P',
    queues: new Set(queues),
    isWildcard,
  }) as unknown as LiteClient

/** A broker in which a look at the name of a queue takes a millisecond; the looks of each turn. */
function open(isWildcard: boolean, clients: readonly LiteClient[], queues: readonly string[]) {
  const clock = new SteppedClock()
  let looked = 0
  const perTurn: number[] = []
  let turnFrom = 0
  const inTurn = (callback: () => void) => () => {
    callback()
    perTurn.push(looked - turnFrom)
    turnFrom = looked
  }
  const events = new LiteEvents({
    clock: Object.assign(Object.create(clock), {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + looked,
      after: (delayMs: number, callback: () => void) => clock.after(delayMs, inTurn(callback)),
      nextTurn: (callback: () => void) => clock.nextTurn(inTurn(callback)),
    }),
    random: new SeededRandom(1),
    subscribers: () => new Map([['all', clients]]),
    get: (clientId) => clients.find((client) => client.clientId === clientId),
    clientsOf: () => clients,
    isWildcard: () => isWildcard,
    *queuesOf() {
      for (const queue of queues) {
        looked++
        yield queue
      }
    },
    hasMessages: () => {
      if (queues.length === 0) looked++
      return true
    },
    isBlocked: () => false,
    eventsMax: () => 1000,
    settings: () => ({ liteEventFullDispatchDelayTime: 0, liteEventFullDispatchDelayTimeForWildcardGroup: 0 }),
    wake() {},
  })
  return { clock, events, perTurn }
}

test('one that wants all lite topics is told of those of its topic alone, however many others there are', () => {
  const client = clientOf('c', true)
  const others = Array.from({ length: 500 }, (_, index) => liteQueueOf('Other', `${index}`))
  const { clock, events, perTurn } = open(true, [client], [...others, liteQueueOf('P', 'a'), '%LMQ%x'])
  events.goThroughGroup('all')
  clock.advance(100_000)
  expect(events.take(client)).toBe(liteQueueOf('P', 'a'))
  expect(events.take(client)).toBeUndefined()
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(5)
})

test('what very many clients are told in one turn is a part of it', () => {
  const queues = [liteQueueOf('P', 'a'), liteQueueOf('P', 'b')]
  const clients = Array.from({ length: 100 }, (_, index) => clientOf(`c${index}`, false, queues))
  const { clock, events, perTurn } = open(false, clients, queues)
  for (const client of clients) events.goThrough(client)
  clock.advance(100_000)
  for (const client of clients) expect(events.take(client)).toBe(liteQueueOf('P', 'a'))
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(5)
})

test('of what a client was told that is gone, another one of its group is told, a part in each turn', () => {
  const gone = clientOf('gone', true)
  const left = clientOf('left', true)
  const queues = Array.from({ length: 900 }, (_, index) => liteQueueOf('P', `${index}`))
  const { clock, events, perTurn } = open(true, [gone, left], [])
  for (const queue of queues) events.giveBack(gone, queue)
  events.forget('gone')
  expect(events.take(left)).toBeUndefined()
  clock.advance(100_000)
  const taken = Array.from(queues, () => events.take(left)).filter((queue) => queue !== undefined)
  expect(taken.toSorted()).toEqual(queues.toSorted())
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(5)
})
