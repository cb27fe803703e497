import {
  type BrokerMachine,
  type Cluster,
  type Ending,
  type Half,
  startCluster,
  TransactionProducer,
} from '../../src/index.ts'
import { unlessCrashed } from '../unless-crashed.ts'

/** What ends each life of the broker. */
const endings = ['kill', 'power'] as const
export type Crashes = (typeof endings)[number] | 'either'

/** A transaction, and what its producer has decided about it. */
interface Transaction {
  readonly body: string
  readonly ending: Exclude<Ending, 'unknown'>
  /** Its half message was acknowledged. */
  half: Half | undefined
}

const topic = 'T'
const livesPerRun = 4
const stepsPerLife = 25

/**
 * Lives of one broker with transactions in flight: each ends in a crash at a random moment, or in the middle of a random
 * change of the disk; in the last one producers answer all checks.
 * @returns what is wrong with the messages that consumers find then
 */
export async function transactionCrashRun(seed: number, crashes: Crashes): Promise<string[]> {
  const cluster = await startCluster({
    seed,
    brokerSettings: {
      flushDiskType: crashes === 'kill' ? 'ASYNC_FLUSH' : 'SYNC_FLUSH',
      transactionTimeOut: '1000',
      transactionCheckInterval: '2000',
      transactionCheckMax: '100',
      transactionOpBatchInterval: '400',
      transactionOpMsgMaxSize: '40',
      flushConsumerOffsetInterval: '500',
    },
  })
  return new CrashRun(cluster, crashes).run()
}

class CrashRun {
  readonly #cluster: Cluster
  readonly #crashes: Crashes
  readonly #machine: BrokerMachine
  readonly #transactions: Transaction[] = []

  constructor(cluster: Cluster, crashes: Crashes) {
    this.#cluster = cluster
    this.#crashes = crashes
    this.#machine = cluster.brokers[0]!
  }

  async run(): Promise<string[]> {
    await this.#cluster.client.broker(this.#machine).createTopic(topic, 1)
    for (let life = 1; life < livesPerRun; life++) await this.#live()
    return this.#end()
  }

  async #newProducer(): Promise<TransactionProducer> {
    const client = this.#cluster.newClient({ timeoutMs: 3000 })
    const producer = new TransactionProducer(client, () => client.broker(this.#machine))
    await producer.join()
    return producer
  }

  async #live(): Promise<void> {
    const { random } = this.#cluster.simulation
    const producer = await this.#newProducer()
    const ending = this.#crashes === 'either' ? random.pick(endings) : this.#crashes
    if (ending === 'power') this.#machine.losePowerAt(1 + random.below(random.pick([10, 60, 300])))
    const killMs = random.below(random.pick([20, 500, 8000]))
    const cancelKill = this.#cluster.simulation.after(killMs, () => {
      if (ending === 'kill') this.#machine.kill()
    })
    for (let step = 0; step < stepsPerLife && this.#machine.isAlive; step++) await this.#step(producer)
    cancelKill()
    if (ending === 'power') {
      if (this.#machine.isAlive) this.#machine.powerLoss()
      await this.#cluster.sleep(1)
    } else this.#machine.kill()
    producer.client.kill()
    await this.#machine.startUntilUp()
  }

  async #step(producer: TransactionProducer): Promise<void> {
    const { random } = this.#cluster.simulation
    const choice = random.below(10)
    if (choice < 4) await this.#prepare(producer)
    else if (choice < 7) await this.#endSome(producer)
    else if (choice < 9) await this.#answerChecks(producer)
    else await this.#cluster.sleep(random.pick([1, 300, 1500, 4000]))
  }

  async #prepare(producer: TransactionProducer): Promise<void> {
    const { random } = this.#cluster.simulation
    const transaction: Transaction = {
      body: String(this.#transactions.length),
      ending: random.oneIn(3) ? 'rollback' : 'commit',
      half: undefined,
    }
    this.#transactions.push(transaction)
    await unlessCrashed(async () => {
      transaction.half = await producer.prepare(topic, transaction.body)
    })
  }

  /** Ends any transaction by its first half, also one that has ended or is being checked, also twice at the same time. */
  async #endSome(producer: TransactionProducer): Promise<void> {
    const { random } = this.#cluster.simulation
    const known = this.#transactions.filter(({ half }) => half !== undefined)
    if (known.length === 0) return
    const ends = [random.pick(known), random.pick(known), random.pick(known)].slice(random.below(3))
    if (random.oneIn(3)) ends.push(ends[0]!)
    await Promise.all(ends.map(({ half, ending }) => unlessCrashed(() => producer.end(half!, ending))))
  }

  async #answerChecks(producer: TransactionProducer): Promise<void> {
    for (const check of producer.takeChecks()) {
      const transaction = this.#transactions[Number(String(check.message.body))]!
      const ending = this.#cluster.simulation.random.oneIn(4) ? 'unknown' : transaction.ending
      await unlessCrashed(() => producer.end(check, ending, { fromTransactionCheck: true }))
    }
  }

  /** Answers checks until none comes any more, and looks at what consumers find. */
  async #end(): Promise<string[]> {
    this.#machine.losePowerAt(Number.POSITIVE_INFINITY)
    await this.#machine.startUntilUp()
    const producer = await this.#newProducer()
    await this.#cluster.until('the end of all checks', async () => {
      await this.#answerChecks(producer)
      await this.#cluster.sleep(5000)
      const { open } = this.#machine.server.stats().transactions
      return open === 0
    })
    // One that is asked about although nothing is open would show here.
    await this.#cluster.sleep(10_000)
    await this.#answerChecks(producer)
    const found = (await producer.client.broker(this.#machine).readQueue(topic)).map(({ body }) => String(body))
    return this.#transactions.flatMap(({ body, ending, half }) => {
      const count = found.filter((one) => one === body).length
      const least = ending === 'commit' && half !== undefined ? 1 : 0
      const most = ending === 'commit' ? 1 : 0
      return count < least || count > most ? [`${ending} of ${body}: it is there ${count} times`] : []
    })
  }
}
