import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import type { Violation } from '../checkers/index.ts'
import type { ClusterClient } from '../client/cluster-client.ts'
import { PopConsumer, type PoppedMessage } from '../client/pop-consumer.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { type BrokerUnderLoad, topicSafeMs } from './broker-under-load.ts'
import { unlessLost } from './load.ts'

const timeoutMs = 3000
const queues = 2
const group = 'popping-consumers'
/** Receipts that are remembered, also those that have expired. */
const heldMax = 40
/** Pops in a row that give nothing, after which nothing comes any more. */
const quietPops = 4
/** Pops at the end, however much comes. */
const lastPopsMax = 500

/** What is known of a message from outside. */
interface Known {
  readonly body: string
  /** Its send was acknowledged, and no failure of the power may have taken it. */
  isSafe: boolean
  /** An acknowledgement was answered with success, and no failure of the power may have taken it. */
  isAcknowledged: boolean
  /** Somebody asked for it to be acknowledged, and nobody knows what became of that. */
  isInDoubt: boolean
  /** Where it stood when it was given out, by the number of its deliveries before. */
  readonly places: Map<number, Set<string>>
}

/**
 * A producer and a member of a group that pops from a topic of their own: it acknowledges, also twice and too late, it asks
 * for more time, and it leaves messages until they come again. In the end each message has come, and none that was
 * acknowledged has come again.
 */
export class PoppingLoad {
  readonly client: ClusterClient
  readonly #cluster: Cluster
  readonly #broker: BrokerUnderLoad
  readonly #random: SeededRandom
  readonly #topic: string
  readonly #messages: Known[] = []
  readonly #violations: Violation[] = []
  #held: PoppedMessage[] = []
  /** The power failed, or the clock was set back: what becomes visible in such a moment may do so twice. */
  #isTwiceExcused = false
  #isOver = false

  constructor(cluster: Cluster, broker: BrokerUnderLoad, random: SeededRandom) {
    this.#cluster = cluster
    this.#broker = broker
    this.#random = random
    this.#topic = `${broker.name}-popped`
    this.client = cluster.newClient({ timeoutMs })
    broker.onShortened(() => {
      this.#isTwiceExcused = true
      if (broker.isSyncFlush) return
      for (const known of this.#messages) {
        known.isSafe = false
        known.isInDoubt ||= known.isAcknowledged
        known.isAcknowledged = false
      }
    })
  }

  async prepare(): Promise<void> {
    await this.#calls.createTopic(this.#topic, queues)
    await this.#cluster.sleep(topicSafeMs)
  }

  /** Resolves after `stop`, when everything is answered or given up. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      await this.#broker.consume(() => this.#step())
      await this.#cluster.sleep(this.#random.between(0, 200))
    }
  }

  stop(): void {
    this.#isOver = true
  }

  /** Acknowledges all that comes until nothing does any more. */
  async check(): Promise<Violation[]> {
    for (let quiet = 0, pops = 0; quiet < quietPops && pops < lastPopsMax; pops++) {
      const popped = await unlessLost(this.#consumer.pop({ maxMsgNums: 32, invisibleTime: 30_000, pollTime: 2000 }))
      if (popped === undefined) continue
      this.#given(popped.messages)
      for (const message of popped.messages) await this.#acknowledge(message)
      quiet = popped.messages.length === 0 ? quiet + 1 : 0
    }
    for (const { body, isSafe, isAcknowledged, isInDoubt } of this.#messages) {
      if (!isSafe || isAcknowledged || isInDoubt) continue
      this.#violations.push({ rule: 'message not popped', detail: `${body} of ${this.#topic}` })
    }
    return this.#violations
  }

  get #calls() {
    return this.client.broker(this.#broker.machine)
  }

  get #consumer(): PopConsumer {
    return new PopConsumer(this.#calls, this.#broker.name, group, this.#topic)
  }

  async #step(): Promise<void> {
    const random = this.#random
    const choice = random.below(10)
    if (choice < 3) await this.#send()
    else if (choice < 6) await this.#pop()
    else if (choice < 9) await this.#acknowledgeSome()
    else await this.#changeOne()
  }

  async #send(): Promise<void> {
    const known: Known = {
      body: String(this.#messages.length),
      isSafe: false,
      isAcknowledged: false,
      isInDoubt: false,
      places: new Map(),
    }
    this.#messages.push(known)
    const { run } = this.#broker
    const queueId = this.#random.below(queues)
    const answer = await unlessLost(this.#calls.send({ topic: this.#topic, queueId, body: known.body }))
    // The answer may come when the power has failed already.
    known.isSafe = answer !== undefined && (this.#broker.isSyncFlush || this.#broker.run === run)
  }

  async #pop(): Promise<void> {
    const random = this.#random
    const invisibleTime = random.pick([500, 1500, 6000])
    const pollTime = random.oneIn(4) ? 1000 : 0
    const popped = await unlessLost(this.#consumer.pop({ maxMsgNums: random.between(1, 6), invisibleTime, pollTime }))
    this.#given(popped?.messages ?? [])
  }

  #given(messages: readonly PoppedMessage[]): void {
    for (const message of messages) {
      const known = this.#messages[Number(String(message.body))]!
      this.#notePlace(known, message)
      if (known.isAcknowledged && !this.#mayComeAgain(known)) {
        const { receipt, reconsumeTimes } = message
        const detail = `${known.body} of ${this.#topic}, as ${receipt.source} of queue ${receipt.queueId}, delivery ${reconsumeTimes + 1}`
        this.#violations.push({ rule: 'acknowledged message came again', detail })
      }
      this.#held.push(message)
    }
    if (this.#held.length > heldMax) this.#held = this.#held.slice(-heldMax)
  }

  #notePlace({ places }: Known, { receipt, reconsumeTimes }: PoppedMessage): void {
    const place = `${receipt.source} ${receipt.queueId} ${receipt.queueOffset}`
    const known = places.get(reconsumeTimes)
    if (known === undefined) places.set(reconsumeTimes, new Set([place]))
    else known.add(place)
  }

  /** A message that became visible twice is acknowledged twice. */
  #mayComeAgain({ places }: Known): boolean {
    return this.#isTwiceExcused && [...places.values()].some(({ size }) => size > 1)
  }

  async #acknowledgeSome(): Promise<void> {
    for (let count = this.#random.below(5); count >= 0 && this.#held.length > 0; count--) {
      await this.#acknowledge(this.#random.pick(this.#held))
    }
  }

  async #acknowledge(message: PoppedMessage): Promise<void> {
    const known = this.#messages[Number(String(message.body))]!
    const { run } = this.#broker
    const code = await unlessLost(this.#consumer.ack(message))
    if (code !== 'SUCCESS' || !this.#random.oneIn(3)) this.#drop(message)
    if (code === undefined) known.isInDoubt = true
    else if (code === 'SUCCESS' && (this.#broker.isSyncFlush || this.#broker.run === run)) known.isAcknowledged = true
    else if (code === 'SUCCESS') known.isInDoubt = true
  }

  async #changeOne(): Promise<void> {
    const random = this.#random
    if (this.#held.length === 0) return
    const message = random.pick(this.#held)
    if (this.#messages[Number(String(message.body))]!.isAcknowledged) return
    // When the answer is lost, the receipt may have ended.
    this.#drop(message)
    const changed = await unlessLost(this.#consumer.changeInvisible(message, random.pick([0, 500, 4000])))
    this.#held.push(changed ?? message)
  }

  #drop(message: PoppedMessage): void {
    this.#held = this.#held.filter((one) => one !== message)
  }
}
