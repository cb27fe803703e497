import type { Clock } from '@rocketmq-ts/platform'

/** A broker that took so long to answer is passed over for a while. */
const slowness = [
  { fromMs: 3000, avoidMs: 10_000 },
  { fromMs: 1800, avoidMs: 5000 },
  { fromMs: 550, avoidMs: 2000 },
] as const

/** After a failure, doubled with each further one in a row. */
const failureAvoidMs = 2000
const failureAvoidMsMax = 30_000

interface Health {
  avoidUntilMs: number
  failures: number
}

/**
 * Which brokers to pass over for a while, as long as there are others: those that failed, and those that were slow. A
 * broker that nobody asks can show nothing; it gets its next chance when the time is over.
 */
export class BrokerHealth {
  readonly #clock: Pick<Clock, 'monotonic'>
  /** Only brokers that were slow or failed. */
  readonly #ill = new Map<string, Health>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  isAvoided(broker: string): boolean {
    const health = this.#ill.get(broker)
    return health !== undefined && this.#clock.monotonic() < health.avoidUntilMs
  }

  answered(broker: string, latencyMs: number): void {
    const slow = slowness.find(({ fromMs }) => latencyMs >= fromMs)
    if (slow !== undefined) {
      this.#ill.set(broker, { avoidUntilMs: this.#clock.monotonic() + slow.avoidMs, failures: 0 })
    } else if (this.#ill.size > 0) this.#ill.delete(broker)
  }

  failed(broker: string): void {
    const failures = (this.#ill.get(broker)?.failures ?? 0) + 1
    const avoidMs = Math.min(failureAvoidMsMax, failureAvoidMs * 2 ** Math.min(failures - 1, 10))
    this.#ill.set(broker, { avoidUntilMs: this.#clock.monotonic() + avoidMs, failures })
  }
}
