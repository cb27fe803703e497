import type { Clock } from '@rocketmq-ts/platform'
import type { MessageStore, PutOutcome, PutPlace, StoreMessage } from '@rocketmq-ts/storage'
import type { SendableTopic } from '../topics/index.ts'
import type { BrokerStatistics } from './broker-statistics.ts'

/** A message whose counters may be kept with its topic's handle. */
type CountedMessage = StoreMessage & { handle?: SendableTopic | undefined }

type Done = (outcome: PutOutcome) => void

/** Counts everything that is stored, whoever stores it: senders, redeliveries, delayed messages that became due. */
export class CountedPuts {
  readonly #store: Pick<MessageStore, 'put' | 'putWhole'>
  readonly #statistics: BrokerStatistics
  readonly #clock: Clock

  constructor(store: Pick<MessageStore, 'put' | 'putWhole'>, statistics: BrokerStatistics, clock: Clock) {
    this.#store = store
    this.#statistics = statistics
    this.#clock = clock
  }

  put(messages: readonly CountedMessage[], done: Done): void {
    const { topic, handle } = messages[0]!
    const startMs = this.#clock.turnTime()
    this.#store.put(messages, (outcome) => {
      if (outcome.kind === 'refused') this.#statistics.putFailed()
      else this.#stored(topic, outcome.places, outcome.places.length, startMs, handle)
      done(outcome)
    })
  }

  /** Each message of the batch counts. */
  putWhole(batch: CountedMessage, count: number, done: Done): void {
    const { topic, handle } = batch
    const startMs = this.#clock.turnTime()
    this.#store.putWhole(batch, count, (outcome) => {
      if (outcome.kind === 'refused') this.#statistics.putFailed()
      else this.#stored(topic, outcome.places, count, startMs, handle)
      done(outcome)
    })
  }

  #stored(
    topic: string,
    places: readonly PutPlace[],
    count: number,
    startMs: number,
    handle: SendableTopic | undefined,
  ): void {
    let byteCount = 0
    for (const { totalSize } of places) byteCount += totalSize
    this.#statistics.stored(topic, count, byteCount, handle)
    this.#statistics.putLatencies.add(this.#clock.turnTime() - startMs)
  }
}
