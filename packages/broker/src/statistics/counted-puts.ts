import type { Clock } from '@rocketmq-ts/platform'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import type { SendableTopic } from '../topics/index.ts'
import type { BrokerStatistics } from './broker-statistics.ts'

type Put<Message extends StoreMessage> = (messages: readonly Message[], done: (outcome: PutOutcome) => void) => void

/** A message whose counters may be kept with its topic's handle. */
type CountedMessage = StoreMessage & { handle?: SendableTopic | undefined }

/** Counts everything that is stored, whoever stores it: senders, redeliveries, delayed messages that became due. */
export function countedPuts(
  store: { put: Put<StoreMessage> },
  statistics: BrokerStatistics,
  clock: Clock,
): Put<CountedMessage> {
  return (messages, done) => {
    const { topic, handle } = messages[0]!
    const startMs = clock.turnTime()
    store.put(messages, (outcome) => {
      if (outcome.kind === 'refused') statistics.putFailed()
      else {
        let byteCount = 0
        for (const { totalSize } of outcome.places) byteCount += totalSize
        statistics.stored(topic, outcome.places.length, byteCount, handle)
        statistics.putLatencies.add(clock.turnTime() - startMs)
      }
      done(outcome)
    })
  }
}
