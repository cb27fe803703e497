import { setTimeout as pause } from 'node:timers/promises'
import { countUniqueKeys, type Half, TransactionClient } from '../disk/transaction-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { BrokerClient } from './broker-client.ts'
import type { SeededRandom } from './seeded-random.ts'

const topic = 'transactions'
const producersAtOnce = 4
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
    await pause(this.#random.between(200, 2500))
    await broker.kill()
    life.isOver = true
    await Promise.all(work)
    await Promise.all(clients.map((client) => client.close()))
    await broker.restart()
  }

  /** Lets all transactions end, and reads what consumers find. */
  async end(): Promise<{ acknowledgedCount: number; wrong: string[] }> {
    let lastCheckMs = performance.now()
    const client = this.#newClient({ isOver: false }, () => {
      lastCheckMs = performance.now()
    })
    const reader = await BrokerClient.connect(this.#cluster.brokers[0]!.address)
    try {
      await client.join()
      await pollUntil('the end of all checks', 60_000, async () =>
        performance.now() - lastCheckMs > 4000 ? true : { notYet: 'the broker asks' },
      )
      const found = await countUniqueKeys(reader, topic)
      const wrong = this.#transactions.flatMap(({ isCommitted, isAcknowledged }, number) => {
        const count = found.get(`transaction-${number}`) ?? 0
        const isWrong = isCommitted ? count > 1 || (isAcknowledged && count === 0) : count > 0
        return isWrong ? [`${isCommitted ? 'committed' : 'rolled back'} ${number} is there ${count} times`] : []
      })
      return { acknowledgedCount: this.#transactions.filter(({ isAcknowledged }) => isAcknowledged).length, wrong }
    } finally {
      reader.close()
      await client.close()
    }
  }

  /** Answers checks as the transactions' ends are. */
  #newClient(life: { isOver: boolean }, onCheck: () => void = () => {}): TransactionClient {
    const client: TransactionClient = new TransactionClient(this.#cluster.brokers[0]!.address, topic, (body, half) => {
      onCheck()
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
