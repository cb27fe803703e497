import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import type { Violation } from '../checkers/index.ts'
import { type Check, type Half, TransactionProducer } from '../client/transaction-producer.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { type BrokerUnderLoad, topicSafeMs } from './broker-under-load.ts'
import { unlessLost } from './load.ts'

const timeoutMs = 3000
/** Milliseconds after which everything that is asked about must have ended. */
const settleMsMax = 300_000
const pollMs = 1000

/** Settings with which a broker asks about transactions within a simulation's time. */
export const transactionSettings = {
  transactionTimeOut: '1000',
  transactionCheckInterval: '1000',
  transactionCheckMax: '10000',
  transactionOpBatchInterval: '500',
}

/** A transaction, and what its producer has decided about it. */
interface Transaction {
  readonly body: string
  readonly ending: 'commit' | 'rollback'
  half: Half | undefined
  /** Its half message was acknowledged, and no failure of the power may have taken it. */
  isSafe: boolean
}

/**
 * A producer of transactions in a topic of its own: it ends some, some twice, and leaves others until the broker asks. In
 * the end each is committed once, or never seen.
 */
export class TransactionLoad {
  readonly producer: TransactionProducer
  readonly #cluster: Cluster
  readonly #broker: BrokerUnderLoad
  readonly #random: SeededRandom
  readonly #topic: string
  readonly #transactions: Transaction[] = []
  #isOver = false

  constructor(cluster: Cluster, broker: BrokerUnderLoad, random: SeededRandom) {
    this.#cluster = cluster
    this.#broker = broker
    this.#random = random
    this.#topic = `${broker.name}-transactions`
    const client = cluster.newClient({ timeoutMs })
    this.producer = new TransactionProducer(client, () => client.broker(broker.machine))
    broker.onShortened(() => {
      if (broker.isSyncFlush) return
      for (const transaction of this.#transactions) transaction.isSafe = false
    })
  }

  async prepare(): Promise<void> {
    await this.#calls.createTopic(this.#topic, 1)
    await this.#cluster.sleep(topicSafeMs)
  }

  /** Resolves after `stop`, when everything is answered or given up. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      await unlessLost(this.producer.join())
      for (let steps = this.#random.between(1, 8); steps > 0 && !this.#isOver; steps--) {
        await this.#step()
        await this.#cluster.sleep(this.#random.between(0, 200))
      }
    }
  }

  stop(): void {
    this.#isOver = true
  }

  /** Answers the broker until nothing is open, and looks at what consumers find. */
  async check(): Promise<Violation[]> {
    const { simulation } = this.#cluster
    const untilMs = simulation.monotonic() + settleMsMax
    while (this.#broker.machine.server.stats().transactions.open > 0 && simulation.monotonic() < untilMs) {
      await unlessLost(this.producer.join())
      await this.#answer(this.producer.takeChecks())
      await simulation.sleep(pollMs)
    }
    const found = await this.#broker.observed((_, calls) => calls.readQueue(this.#topic))
    const counts = new Map<string, number>()
    for (const { body } of found) counts.set(String(body), (counts.get(String(body)) ?? 0) + 1)
    return this.#transactions.flatMap((transaction) => wrongIn(transaction, counts.get(transaction.body) ?? 0))
  }

  get #calls() {
    return this.producer.client.broker(this.#broker.machine)
  }

  async #step(): Promise<void> {
    const random = this.#random
    const known = this.#transactions.filter(({ half }) => half !== undefined)
    if (known.length === 0 || random.chance(0.5)) await this.#begin()
    else if (random.chance(0.6)) {
      const { half, ending } = random.pick(known.slice(-8))
      const ends = random.oneIn(5) ? 2 : 1
      await Promise.all(Array.from({ length: ends }, () => unlessLost(this.producer.end(half!, ending))))
    } else await this.#answer(this.producer.takeChecks())
  }

  async #begin(): Promise<void> {
    const ending = this.#random.oneIn(3) ? 'rollback' : 'commit'
    const transaction: Transaction = { body: String(this.#transactions.length), ending, half: undefined, isSafe: false }
    this.#transactions.push(transaction)
    const { run } = this.#broker
    transaction.half = await unlessLost(this.producer.prepare(this.#topic, transaction.body))
    // The answer may come when the power has failed already.
    transaction.isSafe = transaction.half !== undefined && (this.#broker.isSyncFlush || this.#broker.run === run)
  }

  async #answer(checks: readonly Check[]): Promise<void> {
    for (const check of checks) {
      const { ending } = this.#transactions[Number(String(check.message.body))]!
      await unlessLost(this.producer.end(check, ending, { fromTransactionCheck: true }))
    }
  }
}

function wrongIn({ body, ending, isSafe }: Transaction, count: number): Violation[] {
  const detail = `transaction ${body}, ${ending}: its message is there ${count} times`
  if (ending === 'rollback') return count === 0 ? [] : [{ rule: 'rolled back message is there', detail }]
  if (count > 1) return [{ rule: 'transaction committed twice', detail }]
  return count === 0 && isSafe ? [{ rule: 'transaction lost', detail }] : []
}
