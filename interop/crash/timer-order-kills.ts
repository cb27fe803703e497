import { setTimeout as pause } from 'node:timers/promises'
import { Consumer } from '@rocketmq-ts/client'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { BrokerClient } from './broker-client.ts'
import type { SeededRandom } from './seeded-random.ts'

const timedTopic = 'timed'
const orderedTopic = 'ordered'
const queues = 4
const membersOfGroup = 2
const delayMsMax = 5000
/** Of each kind: a life that has less says little. */
export const acknowledgedOfLifeMin = 10
const config = {
  mappedFileSizeCommitLog: String(256 * 1024),
  mappedFileSizeTimerLog: String(32 * 1024),
  flushConsumerOffsetInterval: '300',
}

export interface TimerOrderKillsReport {
  readonly kills: number
  readonly timedCount: number
  readonly orderedCount: number
  /** Timed messages that came more often than once, counted once for each time. */
  readonly repeatedCount: number
  /** Timed messages that are missing or came early; ordered ones that are missing, or that a member passed by. */
  readonly wrong: string[]
  readonly logTail: string
}

interface Timed {
  readonly dueMs: number
  isAcknowledged: boolean
}

/** Kills our broker (-9) again and again while messages wait for their times, and a group takes others in their order. */
export async function killUnderTimersAndOrder(
  label: string,
  random: SeededRandom,
  kills: number,
): Promise<TimerOrderKillsReport> {
  const cluster = await startCluster({ label, target: 'ours', config })
  const run = new KillRun(cluster, random)
  try {
    const admin = await BrokerClient.connect(cluster.brokers[0]!.address)
    await admin.createTopic(timedTopic, 1)
    await admin.createTopic(orderedTopic, queues)
    admin.close()
    await run.startGroup()
    for (let kill = 0; kill < kills; kill++) await run.live()
    return { kills, ...(await run.end()), logTail: cluster.logTails() }
  } finally {
    await run.closeGroup()
    await cluster.dispose()
  }
}

class KillRun {
  readonly #cluster: Cluster
  readonly #random: SeededRandom
  readonly #timed: Timed[] = []
  /** Acknowledged numbers of each queue. */
  readonly #ordered = Array.from({ length: queues }, () => new Set<number>())
  readonly #next = new Array<number>(queues).fill(0)
  readonly #members: Consumer[] = []
  /** By member and queue, what it handled, in its order. */
  readonly #handled: number[][][] = []

  constructor(cluster: Cluster, random: SeededRandom) {
    this.#cluster = cluster
    this.#random = random
  }

  async startGroup(): Promise<void> {
    for (let member = 0; member < membersOfGroup; member++) {
      const handled = Array.from({ length: queues }, (): number[] => [])
      this.#handled.push(handled)
      const consumer = new Consumer({
        nameServers: this.#cluster.namesrvAddr,
        group: 'orderly',
        topics: orderedTopic,
        from: 'earliest',
        order: 'queue',
        handler: ({ queue, body }) => void handled[queue.queueId]!.push(Number(String(body))),
      })
      this.#members.push(consumer)
      await consumer.start()
    }
  }

  async closeGroup(): Promise<void> {
    await Promise.allSettled(this.#members.map((member) => member.close()))
  }

  async live(): Promise<void> {
    const broker = this.#cluster.brokers[0]!
    const life = { isOver: false }
    const work = [
      this.#work(life, (client) => this.#sendTimed(client)),
      this.#work(life, (client) => this.#sendTimed(client)),
      ...Array.from({ length: queues }, (_, queueId) =>
        this.#work(life, (client) => this.#sendOrdered(client, queueId)),
      ),
    ]
    const [timed, ordered] = [this.#timedCount(), this.#orderedCount()]
    await pause(this.#random.between(200, 2500))
    // A slow machine gets its messages too.
    await pollUntil('acknowledged messages before a kill', async () => {
      const more = [this.#timedCount() - timed, this.#orderedCount() - ordered]
      return Math.min(...more) > acknowledgedOfLifeMin || { notYet: `${more}` }
    })
    await broker.kill()
    life.isOver = true
    await Promise.all(work)
    await pause(this.#random.between(0, 1500))
    await broker.restart()
  }

  /** Waits until all that was acknowledged is there, and looks at what came. */
  async end(): Promise<Omit<TimerOrderKillsReport, 'kills' | 'logTail'>> {
    const lastDueMs = Math.max(...this.#timed.map(({ dueMs }) => dueMs))
    let times = new Map<string, number[]>()
    await pollUntil('all that is due and all in its order', async () => {
      times = await this.#delivered()
      const waiting = this.#timed.filter(({ isAcknowledged }, number) => isAcknowledged && !times.has(idOf(number)))
      const missing = this.#missing()
      if (Date.now() < lastDueMs + 3000) return { notYet: 'it is not yet time' }
      return waiting.length + missing.length === 0 || { notYet: `${waiting.length} timed, ${missing.length} ordered` }
    }).catch(() => {
      // What is missing is told as wrong.
    })
    const wrong = this.#timed.flatMap(({ dueMs, isAcknowledged }, number) => {
      const came = times.get(idOf(number)) ?? []
      const early = came.filter((atMs) => atMs < dueMs).map((atMs) => `timed ${number} came ${dueMs - atMs} ms early`)
      return isAcknowledged && came.length === 0 ? [`timed ${number} is missing`] : early
    })
    wrong.push(...this.#missing(), ...this.#passedBy())
    const repeatedCount = [...times.values()].reduce((sum, { length }) => sum + length - 1, 0)
    return { timedCount: this.#timedCount(), orderedCount: this.#orderedCount(), repeatedCount, wrong }
  }

  #timedCount(): number {
    return this.#timed.filter(({ isAcknowledged }) => isAcknowledged).length
  }

  #orderedCount(): number {
    return this.#ordered.reduce((sum, { size }) => sum + size, 0)
  }

  async #work(life: { isOver: boolean }, send: (client: BrokerClient) => Promise<void>): Promise<void> {
    try {
      const client = await BrokerClient.connect(this.#cluster.brokers[0]!.address)
      try {
        while (!life.isOver) {
          await send(client)
          await pause(this.#random.between(0, 20))
        }
      } finally {
        client.close()
      }
    } catch {
      // The broker is gone, or is going.
    }
  }

  async #sendTimed(client: BrokerClient): Promise<void> {
    const timed: Timed = { dueMs: Date.now() + this.#random.between(1, delayMsMax), isAcknowledged: false }
    const id = idOf(this.#timed.push(timed) - 1)
    const properties = { UNIQ_KEY: id, TIMER_DELIVER_MS: String(timed.dueMs) }
    await client.send({ topic: timedTopic, queueId: 0, body: Buffer.from(id), properties })
    timed.isAcknowledged = true
  }

  /** One at a time for each queue: its order is that of the numbers. */
  async #sendOrdered(client: BrokerClient, queueId: number): Promise<void> {
    const number = this.#next[queueId]!++
    await client.send({ topic: orderedTopic, queueId, body: Buffer.from(String(number)) })
    this.#ordered[queueId]!.add(number)
  }

  async #delivered(): Promise<Map<string, number[]>> {
    const client = await BrokerClient.connect(this.#cluster.brokers[0]!.address)
    const times = new Map<string, number[]>()
    try {
      for (let offset = 0; ; ) {
        const { records, nextOffset } = await client.pull({ group: 'readers', topic: timedTopic, queueId: 0, offset })
        for (const { id, storeTimestamp } of records) times.set(id, [...(times.get(id) ?? []), storeTimestamp])
        if (records.length === 0) return times
        offset = nextOffset
      }
    } finally {
      client.close()
    }
  }

  /** Ordered messages that no member handled. */
  #missing(): string[] {
    return this.#ordered.flatMap((acknowledged, queueId) => {
      const handled = new Set(this.#handled.flatMap((member) => member[queueId]!))
      return [...acknowledged]
        .filter((number) => !handled.has(number))
        .map((one) => `ordered ${queueId}/${one} is missing`)
    })
  }

  /** Ordered messages that a member passed by: it may begin again at an earlier one, and never skips one. */
  #passedBy(): string[] {
    return this.#ordered.flatMap((acknowledged, queueId) => {
      const ascending = [...acknowledged].sort((one, other) => one - other)
      return this.#handled.flatMap((member) =>
        member[queueId]!.flatMap((number, index, all) => {
          const before = all[index - 1] ?? number
          if (number <= before) return []
          // A queue that comes back from another member goes on behind what that one handled.
          const others = new Set(this.#handled.filter((one) => one !== member).flatMap((one) => one[queueId]!))
          return ascending
            .filter((between) => between > before && between < number && !others.has(between))
            .map((between) => `ordered ${queueId}/${between} was passed by from ${before} to ${number}`)
        }),
      )
    })
  }
}

function idOf(number: number): string {
  return number.toString(16).toUpperCase().padStart(32, '0')
}
