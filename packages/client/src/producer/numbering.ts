import { propertyName } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { randomHex } from '../connection/client-id.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import type { Runtime } from '../runtime.ts'

/**
 * Brokers know the newest 128 numbers of a producer. A message that is still tried is never further behind the newest one,
 * so that its number is always known.
 */
const spanMax = 100

/** A number that a message has while it is sent. */
export interface Numbered {
  readonly properties: Readonly<Record<string, string>>
  /** The send is over. */
  end(): void
}

/** Numbers of a producer's messages, by which brokers store each once (docs/idempotent-producers.md). */
export class Numbering {
  readonly #producerId: string
  #next = 0
  /** Numbers of sends that are not over, the oldest first. */
  readonly #underWay = new Set<number>()
  readonly #waiting: (() => void)[] = []

  constructor({ random }: Runtime) {
    this.#producerId = randomHex(random, 8)
  }

  /** Waits while the oldest send lags too far behind. @throws RocketMQError ABORTED, TIMEOUT */
  async take(deadline: Deadline): Promise<Numbered> {
    for (;;) {
      const [oldest = this.#next] = this.#underWay
      if (this.#next - oldest < spanMax) break
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      try {
        await deadline.within(promise)
      } catch (error) {
        ;(error as RocketMQError).outcome = 'refused'
        throw error
      }
    }
    const number = this.#next++
    this.#underWay.add(number)
    return {
      properties: { [propertyName.producerId]: this.#producerId, [propertyName.producerSequence]: String(number) },
      end: () => {
        this.#underWay.delete(number)
        for (const resolve of this.#waiting.splice(0)) resolve()
      },
    }
  }
}
