import type { Clock } from '@rocketmq-ts/platform'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import type { BrokerStatistics } from './statistics/index.ts'

interface PutStore {
  put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void): void
}

/** Counts everything that is stored, whoever stores it: senders, redeliveries, delayed messages that became due. */
export function countedPuts(store: PutStore, statistics: BrokerStatistics, clock: Clock): PutStore['put'] {
  return (messages, done) => {
    const { topic } = messages[0]!
    const startMs = clock.monotonic()
    store.put(messages, (outcome) => {
      if (outcome.kind === 'refused') statistics.putFailed()
      else {
        let byteCount = 0
        for (const { totalSize } of outcome.places) byteCount += totalSize
        statistics.stored(topic, outcome.places.length, byteCount)
        statistics.putLatencies.add(clock.monotonic() - startMs)
      }
      done(outcome)
    })
  }
}
