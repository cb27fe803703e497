import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { transactionMetricsBody } from '@rocketmq-ts/protocol'
import { BrokerClient } from '../crash/broker-client.ts'
import { openTarget } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import type { ServerProcess, TargetName } from '../targets/target.ts'
import type { Ending } from './journey.ts'
import { countUniqueKeys, type Half, TransactionClient } from './transaction-client.ts'

const topic = 'transactions'
const opBatchMs = 300
const config = {
  transactionTimeOut: '1000',
  transactionCheckInterval: '1000',
  transactionOpBatchInterval: String(opBatchMs),
  flushConsumerOffsetInterval: '500',
}
const halvesOfStay = 36

/** What a broker did with the transactions that were open when another one was ended. */
export interface TransactionTakeover {
  readonly from: TargetName
  readonly to: TargetName
  /** Transactions that it asked about, of those that the other one left open. */
  readonly askedCount: number
  readonly openCount: number
  /** Messages that are missing, there twice, or there although they were rolled back. */
  readonly wrong: string[]
}

/** What the file `transactionMetrics` says of a broker that was stopped. */
export interface JourneyCounts {
  readonly maker: TargetName
  readonly counted: number | undefined
  readonly openCount: number
}

/** The end of a transaction, which its number decides. */
const isCommitted = (body: string): boolean => Number(body) % 3 !== 0

/**
 * Hands one store with open transactions from broker to broker. Each is asked to end those that it finds, and leaves some
 * of its own.
 */
export async function travelWithTransactions(
  label: string,
  makers: readonly TargetName[],
  ending: Ending,
): Promise<{ takeovers: TransactionTakeover[]; counts: JourneyCounts[] }> {
  const folder = createWorkFolder(label)
  const started: ServerProcess[] = []
  try {
    const port = await allocateNameServerPort()
    const nameServer = await openTarget(join(folder, 'name-server'), 'ours').startNameServer({ port })
    started.push(nameServer)
    const listenPort = await allocateBrokerPort()
    const journey = new TransactionJourney()
    for (const [index, maker] of makers.entries()) {
      const broker = await openTarget(join(folder, `${index}-${maker}`), maker).startBroker({
        brokerName: 'broker-a',
        clusterName: 'DefaultCluster',
        listenPort,
        namesrvAddr: nameServer.address,
        storeDir: join(folder, 'store'),
        config,
      })
      started.push(broker)
      await journey.stay(broker, maker)
      // An official broker commits once more what it finds without an op message: it is given those in time.
      if (makers[index + 1] === 'official') await pause(opBatchMs * 3)
      if (ending === 'kill') await broker.kill()
      else {
        await broker.stop()
        journey.noteMetrics(join(folder, 'store'))
      }
    }
    if (process.env.INTEROP_KEEP !== '1') rmSync(folder, { recursive: true, force: true })
    const { takeovers, counts } = journey
    return { takeovers, counts }
  } finally {
    await Promise.all(started.map((server) => server.kill()))
  }
}

class TransactionJourney {
  readonly takeovers: TransactionTakeover[] = []
  readonly counts: JourneyCounts[] = []
  readonly #all: string[] = []
  /** Left open by the broker before. */
  #open = new Set<string>()
  #left: TargetName | undefined

  async stay(broker: ServerProcess, maker: TargetName): Promise<void> {
    const reader = await BrokerClient.connect(broker.address)
    const asked = new Set<string>()
    const answers: Promise<void>[] = []
    let isAnswering = true
    const producer = new TransactionClient(broker.address, topic, (body, half) => {
      asked.add(body)
      if (isAnswering) answers.push(producer.end(half, isCommitted(body), true).catch(() => {}))
    })
    try {
      await producer.join()
      if (this.#left === undefined) await reader.createTopic(topic, 1)
      else {
        await this.#awaitAsked(asked)
        // Whatever is there twice, or asked about once more, comes within the next checks.
        await pause(4000)
        await Promise.all(answers)
        const wrong = await this.#wrong(reader)
        const openCount = this.#open.size
        const askedCount = [...this.#open].filter((body) => asked.has(body)).length
        this.takeovers.push({ from: this.#left, to: maker, askedCount, openCount, wrong })
      }
      isAnswering = false
      await this.#leave(producer)
      this.#left = maker
    } finally {
      await producer.close()
      reader.close()
    }
  }

  /** Compares what the broker that was stopped last has counted with what it left open. */
  noteMetrics(storeFolder: string): void {
    const text = readFileSync(join(storeFolder, 'config', 'transactionMetrics'), 'utf8')
    const counted = transactionMetricsBody.parse(text).transactionCount.get(topic)?.count
    this.counts.push({ maker: this.#left!, counted, openCount: this.#open.size })
  }

  async #awaitAsked(asked: ReadonlySet<string>): Promise<void> {
    await pollUntil('questions about all open transactions', async () => {
      const missing = [...this.#open].filter((body) => !asked.has(body))
      return missing.length === 0 || { notYet: `none about ${missing}` }
    })
  }

  /** A third of the transactions is left open; the others end, the last of them at the last moment. */
  async #leave(producer: TransactionClient): Promise<void> {
    const halves: [string, Half][] = []
    this.#open = new Set()
    for (let count = 0; count < halvesOfStay; count++) {
      const body = String(this.#all.length)
      this.#all.push(body)
      halves.push([body, await producer.prepare(body)])
    }
    // Meanwhile the broker stores all of them anew, to ask about them: whoever has the store next may find both.
    await pause(2500)
    const ending = halves.filter((_, index) => index % 2 === 0)
    for (const [body] of halves.filter((_, index) => index % 2 === 1)) this.#open.add(body)
    for (const [body, half] of ending) await producer.end(half, isCommitted(body))
  }

  async #wrong(reader: BrokerClient): Promise<string[]> {
    const found = await countUniqueKeys(reader, topic)
    return this.#all.flatMap((body) => {
      const count = found.get(`transaction-${body}`) ?? 0
      const wanted = isCommitted(body) ? 1 : 0
      return count === wanted ? [] : [`${body} is there ${count} times, not ${wanted}`]
    })
  }
}
