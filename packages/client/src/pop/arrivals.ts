import { commands, type SubscriptionData } from '@rocketmq-ts/protocol'
import { type Deadline, pauseUnless } from '../calls/deadline.ts'
import { backoffMs, defaultBackoff } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import { filterOf, type PopPlace } from './pop.ts'

export interface SubscribedPlace extends PopPlace {
  readonly subscription: SubscriptionData
}

/** Milliseconds for which a broker holds a question. */
const waitMs = 15_000
/** An answer that there is nothing and that came so soon was not waited for: the broker holds no more questions. */
const soonMs = 1000

/**
 * Asks brokers to tell when there are messages (NOTIFICATION). The messages stay where they are until somebody asks for
 * them, so that all brokers can be asked at the same time, and nobody has to take the answers. One question to a place is
 * under way, however many wait.
 */
export class Arrivals {
  readonly #client: ClusterClient
  readonly #group: string
  readonly #isOrdered: boolean
  readonly #signal: AbortSignal
  readonly #flights = new Map<string, Promise<boolean>>()

  /** @param signal ends what waits before another question */
  constructor(client: ClusterClient, group: string, isOrdered: boolean, signal: AbortSignal) {
    this.#client = client
    this.#group = group
    this.#isOrdered = isOrdered
    this.#signal = signal
  }

  /**
   * Resolves when one of the places has messages, when none of them has said so, or when the time is over.
   * @throws RocketMQError ABORTED, TIMEOUT
   */
  async wait(places: readonly SubscribedPlace[], durationMs: number, deadline: Deadline): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#client.runtime.clock.after(durationMs, resolve)
    let waiting = places.length
    for (const place of places) {
      void this.#flight(place).then((hasMessages) => {
        waiting--
        if (hasMessages || waiting === 0) resolve()
      })
    }
    try {
      await deadline.within(promise)
    } finally {
      cancel()
    }
  }

  #flight(place: SubscribedPlace): Promise<boolean> {
    const key = JSON.stringify([place.topic, place.broker.name])
    let flight = this.#flights.get(key)
    if (flight === undefined) {
      flight = this.#ask(place).finally(() => this.#flights.delete(key))
      this.#flights.set(key, flight)
    }
    return flight
  }

  /** @returns whether there are messages. Never rejects. */
  async #ask(place: SubscribedPlace): Promise<boolean> {
    const client = this.#client
    const { clock, random } = client.runtime
    const startMs = clock.monotonic()
    try {
      if (await this.#hasMessages(place)) return true
      if (clock.monotonic() - startMs >= soonMs) return false
    } catch (error) {
      if (this.#signal.aborted) return false
      client.learnFrom(error as RocketMQError, place.topic)
      const about = { topic: place.topic, broker: place.broker.name, err: error as RocketMQError }
      client.log.debug(about, 'a broker does not tell of messages; it is asked again')
    }
    await pauseUnless(this.#signal, backoffMs(defaultBackoff, 4, random), clock)
    return false
  }

  async #hasMessages({ topic, broker, queueId, subscription }: SubscribedPlace): Promise<boolean> {
    const client = this.#client
    const command = commands.notification
    const header = {
      ...{ consumerGroup: this.#group, topic, queueId, pollTime: waitMs, bornTime: 0 },
      ...filterOf(subscription),
      order: this.#isOrdered,
      bname: broker.name,
    }
    const timeoutMs = waitMs + client.attemptTimeoutMs
    const deadline = client.newDeadline({ timeoutMs, signal: this.#signal })
    return client.read(
      broker,
      { command, header, timeoutMs },
      deadline,
      ({ extFields }) => command.responseCodec.decode(extFields).hasMsg,
    )
  }
}
