import { setTimeout as pause } from 'node:timers/promises'
import { countUniqueKeys, type Half, TransactionClient } from '../disk/transaction-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { BrokerClient } from './broker-client.ts'
import type { SeededRandom } from './seeded-random.ts'

const topic = 'transactions'
const producersAtOnce = 4
/** A life that has less says little. */
export const acknowledgedOfLifeMin = 20
const config = {
  transactionTimeOut: '500',
  transactionCheckInterval: '500',
  transactionCheckMax: '1000',
  transactionOpBatchInterval: '200',
  flushConsumerOffsetInterval: '300',
  mappedFileSizeCommitLog: String(256 * 1024),
}

/** What producers know of a transaction. */
interface Transaction {
  readonly isCommitted: boolean
  isAcknowledged: boolean
}

export interface TransactionKillsReport {
  readonly kills: number
  readonly acknowledgedCount: number
  /** Messages that are missing, there twice, or there although they were rolled back. */
  readonly wrong: string[]
  readonly logTail: string
}

/**
 * Kills our broker (-9) again and again while producers prepare, commit and roll back, answer checks, and ask for the same
 * end twice.
 */
export async function killUnderTransactions(
  label: string,
  random: SeededRandom,
  kills: number,
): Promise<TransactionKillsReport> {
  const cluster = await startCluster({ label, target: 'ours', config })
  try {
    const run = new KillRun(cluster, random)
    const reader = await BrokerClient.connect(cluster.brokers[0]!.address)
    await reader.createTopic(topic, 1)
    reader.close()
    for (let kill = 0; kill < kills; kill++) await run.live()
    return { kills, ...(await run.end()), logTail: cluster.logTails() }
  } finally {
    await cluster.dispose()
  }
}

class KillRun {
  readonly #cluster: Cluster
  readonly #random: SeededRandom
  readonly #transactions: Transaction[] = []

  constructor(cluster: Cluster, random: SeededRandom) {
    this.#cluster = cluster
    this.#random = random
  }

  async live(): Promise<void> {
    const broker = this.#cluster.brokers[0]!
    const life = { isOver: false }
    const clients = Array.from({ length: producersAtOnce }, () => this.#newClient(life))
    const work = clients.map((client) => this.#work(client, life))
    const before = this.#acknowledgedCount()
    await pause(this.#random.between(200, 2500))
    // A slow machine gets its transactions too.
    await pollUntil('acknowledged transactions before a kill', async () => {
      const acknowledged = this.#acknowledgedCount() - before
      return acknowledged > acknowledgedOfLifeMin || { notYet: `${acknowledged}` }
    })
    await broker.kill()
    life.isOver = true
    await Promise.all(work)
    await Promise.all(clients.map((client) => client.close()))
    await broker.restart()
  }

  /** Lets all transactions end, and reads what consumers find. */
  async end(): Promise<{ acknowledgedCount: number; wrong: string[] }> {
    const client = this.#newClient({ isOver: false })
    const reader = await BrokerClient.connect(this.#cluster.brokers[0]!.address)
    try {
      await client.join()
      // It is asked about behind all others: what they may come to is there with it.
      const last: Transaction = { isCommitted: true, isAcknowledged: false }
      const lastNumber = this.#transactions.push(last) - 1
      await client.prepare(String(lastNumber))
      last.isAcknowledged = true
      let found = new Map<string, number>()
      await pollUntil('all that is committed', async () => {
        found = await countUniqueKeys(reader, topic)
        const missing = this.#transactions.findIndex(
          ({ isCommitted, isAcknowledged }, number) =>
            isCommitted && isAcknowledged && !found.has(`transaction-${number}`),
        )
        return missing === -1 || { notYet: `${missing} is missing` }
      }).catch(() => {
        // What is missing is told as wrong.
      })
      const wrong = this.#transactions.flatMap(({ isCommitted, isAcknowledged }, number) => {
        const count = found.get(`transaction-${number}`) ?? 0
        const isWrong = isCommitted ? count > 1 || (isAcknowledged && count === 0) : count > 0
        return isWrong ? [`${isCommitted ? 'committed' : 'rolled back'} ${number} is there ${count} times`] : []
      })
      return { acknowledgedCount: this.#acknowledgedCount(), wrong }
    } finally {
      reader.close()
      await client.close()
    }
  }

  #acknowledgedCount(): number {
    return this.#transactions.filter(({ isAcknowledged }) => isAcknowledged).length
  }

  /** Answers checks as the transactions' ends are. */
  #newClient(life: { isOver: boolean }): TransactionClient {
    const client: TransactionClient = new TransactionClient(this.#cluster.brokers[0]!.address, topic, (body, half) => {
      // What it has not heard the answer of comes again.
      if (!life.isOver) client.end(half, this.#transactions[Number(body)]!.isCommitted, true).catch(() => {})
    })
    return client
  }

  async #work(client: TransactionClient, life: { isOver: boolean }): Promise<void> {
    try {
      await client.join()
      while (!life.isOver) await this.#transact(client)
    } catch {
      // The broker is gone, or is going.
    }
  }

  async #transact(client: TransactionClient): Promise<void> {
    const random = this.#random
    const transaction: Transaction = { isCommitted: random.chance(0.7), isAcknowledged: false }
    const number = this.#transactions.push(transaction) - 1
    const half: Half = await client.prepare(String(number))
    transaction.isAcknowledged = true
    if (random.chance(0.3)) return
    const ends = random.chance(0.2) ? 2 : 1
    // A second one may be told that the transaction has ended.
    await Promise.allSettled(Array.from({ length: ends }, () => client.end(half, transaction.isCommitted)))
  }
}
