import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import type { PutOutcome, PutPlace, StoreMessage } from '@rocketmq-ts/storage'
import { expect, test } from 'vitest'
import { OwnPuts, SentPuts } from '../../src/statistics/counted-puts.ts'
import { BrokerStatistics } from '../../src/statistics/index.ts'

const recordBytes = 100
const tookMs = 4

/** A store that takes or refuses everything after a while. */
function open(isRefusing = false) {
  const clock = new SteppedClock()
  const statistics = new BrokerStatistics({
    clock,
    clusterName: 'C',
    isSystemTopic: (topic) => topic === 'OPS',
    countsLightQueues: () => true,
  })
  statistics.start()
  const answer = (count: number, done: (outcome: PutOutcome) => void): void => {
    clock.advance(tookMs)
    const places = Array.from({ length: count }, () => ({ totalSize: recordBytes }) as PutPlace)
    done(isRefusing ? { kind: 'refused', cause: 'illegal', reason: 'no' } : { kind: 'stored', places })
  }
  const store = {
    put: (messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void) => answer(messages.length, done),
    putWhole: (_batch: StoreMessage, _count: number, done: (outcome: PutOutcome) => void) => answer(1, done),
  }
  return {
    statistics,
    own: new OwnPuts(store, statistics, clock),
    sent: new SentPuts(store, statistics, clock),
    minute(name: string, key: string) {
      clock.advance(10_000)
      return statistics.view(name, key)?.statsMinute
    },
  }
}

const messages = (...topics: string[]) =>
  topics.map((topic) => ({ topic, queueId: 2, handle: undefined }) as StoreMessage & { handle: undefined })
const ignored = () => {}

test('messages that the broker stores together count each for their own topic, and tell no latency of sends', () => {
  const { own, statistics, minute } = open()
  own.put(messages('T', 'OPS', 'T'), ignored)
  expect(minute('TOPIC_PUT_NUMS', 'T')).toEqual({ sum: 2, tps: 0.2, avgpt: 1 })
  expect(statistics.view('TOPIC_PUT_SIZE', 'OPS')?.statsMinute?.sum).toBe(recordBytes)
  expect(statistics.view('TOPIC_PUT_LATENCY', '2@T')).toBeUndefined()
  expect(statistics.totals).toMatchObject({ put: 3, putOfUsers: 2, putBytes: 3 * recordBytes })
})

test('a batch that a client sends is one request, with one latency', () => {
  const { sent, statistics, minute } = open()
  sent.put(messages('T', 'T', 'T'), ignored)
  expect(minute('TOPIC_PUT_NUMS', 'T')).toEqual({ sum: 3, tps: 0.3, avgpt: 3 })
  expect(statistics.view('TOPIC_PUT_LATENCY', '2@T')?.statsMinute).toEqual({ sum: tookMs, tps: 0.4, avgpt: tookMs })
  expect(statistics.putLatencies.maxMs).toBe(tookMs)
})

test('a batch that is one record counts as its messages', () => {
  const { sent, statistics, minute } = open()
  sent.putWhole(messages('T')[0]!, 5, ignored)
  expect(minute('TOPIC_PUT_NUMS', 'T')).toEqual({ sum: 5, tps: 0.5, avgpt: 5 })
  expect(statistics.view('TOPIC_PUT_SIZE', 'T')?.statsMinute?.sum).toBe(recordBytes)
})

test('what is refused counts as a failure of one put, and as no message', () => {
  const { own, sent, statistics } = open(true)
  own.put(messages('T', 'U'), ignored)
  sent.put(messages('T'), ignored)
  sent.putWhole(messages('T')[0]!, 5, ignored)
  expect(statistics.totals).toMatchObject({ put: 0, putFailed: 3 })
  expect(statistics.view('TOPIC_PUT_NUMS', 'T')).toBeUndefined()
})
