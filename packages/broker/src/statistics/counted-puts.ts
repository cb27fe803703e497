import type { Clock } from '@rocketmq-ts/platform'
import type { MessageStore, PutOutcome, PutPlace, StoreMessage } from '@rocketmq-ts/storage'
import type { SendableTopic } from '../topics/index.ts'
import type { BrokerStatistics } from './broker-statistics.ts'

/** A message whose counters may be kept with its topic's handle. */
type CountedMessage = StoreMessage & { handle?: SendableTopic | undefined }

type Done = (outcome: PutOutcome) => void

/** Counts what the broker stores by itself: redeliveries, delayed messages that became due, its own. */
export class OwnPuts {
  readonly #store: Pick<MessageStore, 'put'>
  readonly #statistics: BrokerStatistics
  readonly #clock: Clock

  constructor(store: Pick<MessageStore, 'put'>, statistics: BrokerStatistics, clock: Clock) {
    this.#store = store
    this.#statistics = statistics
    this.#clock = clock
  }

  /** Messages that are put together may be of several topics: each counts for its own. */
  put(messages: readonly CountedMessage[], done: Done): void {
    const startMs = this.#clock.turnTime()
    this.#store.put(messages, (outcome) => {
      const statistics = this.#statistics
      if (outcome.kind === 'refused') statistics.putFailed()
      else {
        for (let index = 0; index < messages.length; index++) {
          const { topic, queueId, handle } = messages[index]!
          statistics.stored(topic, queueId, 1, outcome.places[index]!.totalSize, handle)
        }
        statistics.putLatencies.add(this.#clock.turnTime() - startMs)
      }
      done(outcome)
    })
  }
}

/** Counts what clients send: each request brings one message or a batch, to one queue. */
export class SentPuts {
  readonly #store: Pick<MessageStore, 'put' | 'putWhole'>
  readonly #statistics: BrokerStatistics
  readonly #clock: Clock

  constructor(store: Pick<MessageStore, 'put' | 'putWhole'>, statistics: BrokerStatistics, clock: Clock) {
    this.#store = store
    this.#statistics = statistics
    this.#clock = clock
  }

  put(messages: readonly CountedMessage[], done: Done): void {
    const startMs = this.#clock.turnTime()
    this.#store.put(messages, (outcome) => {
      if (outcome.kind === 'refused') this.#statistics.putFailed()
      else this.#stored(messages[0]!, outcome.places, outcome.places.length, startMs)
      done(outcome)
    })
  }

  /** Each message of the batch counts. */
  putWhole(batch: CountedMessage, count: number, done: Done): void {
    const startMs = this.#clock.turnTime()
    this.#store.putWhole(batch, count, (outcome) => {
      if (outcome.kind === 'refused') this.#statistics.putFailed()
      else this.#stored(batch, outcome.places, count, startMs)
      done(outcome)
    })
  }

  #stored(
    { topic, queueId, handle }: CountedMessage,
    places: readonly PutPlace[],
    count: number,
    startMs: number,
  ): void {
    let byteCount = 0
    for (const { totalSize } of places) byteCount += totalSize
    const counters = this.#statistics.stored(topic, queueId, count, byteCount, handle)
    const elapsedMs = this.#clock.turnTime() - startMs
    this.#statistics.sendTook(counters, queueId, elapsedMs)
    this.#statistics.putLatencies.add(elapsedMs)
  }
}
