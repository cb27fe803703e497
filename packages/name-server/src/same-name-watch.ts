import type { Log } from '@rocketmq-ts/platform'
import type { LivingBroker } from './routes/index.ts'

/** The most name and id pairs to remember; the least recently seen ones are forgotten. */
const pairsMax = 1000
/** Milliseconds between two warnings of the same two addresses. */
const repeatMsMin = 600_000

type NamedBroker = Pick<LivingBroker, 'brokerName' | 'brokerId' | 'address'>

interface Pair {
  readonly addresses: string
  readonly warnedAtMs: number
}

/**
 * Warns when brokers of two addresses register under one name and id. Each registration replaces the other broker, so
 * clients reach now one store and now the other. A broker that restarts with another address causes one warning.
 */
export class SameNameWatch {
  readonly #log: Log
  /** By broker name and id. */
  readonly #pairs = new Map<string, Pair>()

  constructor(log: Log) {
    this.#log = log
  }

  /**
   * @param taker address of the broker that has the name and id from now on
   * @param peer address that its registration came from
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
