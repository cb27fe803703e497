import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import {
  clockSkewMs,
  commitOffset,
  committedOffset,
  offsetOfPosition,
  type StartPosition,
} from '../reading/queue-positions.ts'
import type { PopPlace } from './pop.ts'

/**
 * Where a group begins that has never been in a queue: brokers would let it begin with the first message, or with the last
 * one that is there. So the offset is committed for it before it asks for messages.
 */
export class StartOffsets {
  readonly #client: ClusterClient
  readonly #group: string
  readonly #from: StartPosition
  readonly #startedMs: number
  /** The brokers of each topic when it was first seen. */
  readonly #first = new Map<string, ReadonlySet<string>>()
  /** Topics that name servers did not know when they were first looked for. */
  readonly #unknownAtFirst = new Set<string>()
  readonly #flights = new Map<string, Promise<void>>()
  /** Of those that could not be asked when that was first tried. */
  readonly #late = new Set<string>()

  constructor(client: ClusterClient, group: string, from: StartPosition) {
    this.#client = client
    this.#group = group
    this.#from = from
    this.#startedMs = client.runtime.clock.now()
  }

  /** @param brokers the names of those that the topic is on; undefined when there is no such topic */
  saw(topic: string, brokers: Iterable<string> | undefined): void {
    if (this.#first.has(topic)) return
    if (brokers === undefined) this.#unknownAtFirst.add(topic)
    else this.#first.set(topic, new Set(brokers))
  }

  /**
   * Resolves when it is settled where the group begins in the broker's queues of the topic. What was not seen at first may be
   * new, or name servers or the broker were away: then its end by now is not where the group came in. Nor is that of a broker
   * that could not be asked at first.
   * @throws RocketMQError when that cannot be settled now
   */
  settled(place: PopPlace, deadline: Deadline): Promise<void> {
    if (this.#from === 'earliest') return Promise.resolve()
    const key = keyOf(place)
    let flight = this.#flights.get(key)
    if (flight === undefined) {
      flight = this.#settle(place, this.#late.has(key)).catch((error) => {
        this.#flights.delete(key)
        throw error
      })
      this.#flights.set(key, flight)
    }
    return deadline.within(flight)
  }

  /** The broker could not be asked now. */
  missed(place: PopPlace): void {
    this.#late.add(keyOf(place))
  }

  async #settle({ topic, broker }: PopPlace, isRetried: boolean): Promise<void> {
    const client = this.#client
    const deadline = client.newDeadline()
    const wasSeen = !this.#unknownAtFirst.has(topic) && this.#first.get(topic)?.has(broker.name) === true
    const isLater = isRetried || !wasSeen
    const from = isLater && this.#from === 'latest' ? this.#startedMs - clockSkewMs : this.#from
    const { readQueues } = await client.routes.find(topic, deadline)
    for (const queue of readQueues) {
      if (queue.broker !== broker.name) continue
      const committed = await committedOffset(client, this.#group, queue, broker.address, deadline)
      if (committed !== undefined) continue
      const offset = await offsetOfPosition(client, queue, broker.address, from, deadline)
      await commitOffset(client, this.#group, queue, broker.address, offset, deadline)
    }
  }
}

function keyOf({ topic, broker }: PopPlace): string {
  return JSON.stringify([topic, broker.name])
}
