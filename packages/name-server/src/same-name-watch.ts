import type { Log } from '@rocketmq-ts/platform'
import type { LivingBroker } from './routes/index.ts'

/** Names and ids that are remembered; those that were not seen for longest are forgotten. */
const pairsMax = 1000
/** Milliseconds between two warnings of the same two addresses. */
const repeatMsMin = 600_000

type NamedBroker = Pick<LivingBroker, 'brokerName' | 'brokerId' | 'address'>

interface Pair {
  readonly addresses: string
  readonly warnedAtMs: number
}

/**
 * Tells of brokers that take the place of others under the same name and id: each registration of one drives out the
 * other, and clients reach now one store and now the other. A broker that came back with another address does so once.
 */
export class SameNameWatch {
  readonly #log: Log
  /** By broker name and id. */
  readonly #pairs = new Map<string, Pair>()

  constructor(log: Log) {
    this.#log = log
  }

  /**
   * @param taker the address that has the name and id from now on
   * @param peer where its registration came from
   * @param nowMs milliseconds that never go back
   */
  replaced({ brokerName, brokerId, address }: NamedBroker, taker: string, peer: string, nowMs: number): void {
    const key = `${brokerName}\n${brokerId}`
    const addresses = [address, taker].sort().join(' ')
    const before = this.#pairs.get(key)
    const fields = { brokerName, brokerId, address: taker, before: address, peer }
    if (before?.addresses === addresses && nowMs - before.warnedAtMs < repeatMsMin) {
      this.#log.debug(fields, 'two brokers go on alternating under one name and id')
      return
    }
    this.#remember(key, { addresses, warnedAtMs: nowMs })
    this.#log.warn(
      fields,
      'a broker of another address had the same name and id until now: when both run, clients reach now one store and ' +
        'now the other; give one of them another brokerName or brokerId',
    )
  }

  #remember(key: string, pair: Pair): void {
    this.#pairs.delete(key)
    this.#pairs.set(key, pair)
    if (this.#pairs.size > pairsMax) this.#pairs.delete(this.#pairs.keys().next().value!)
  }
}
