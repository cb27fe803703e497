import { type BrokerMachine, type Cluster, PopConsumer, type PoppedMessage, startCluster } from '../../src/index.ts'
import { unlessCrashed } from '../unless-crashed.ts'

const topic = 'T'
const queueCount = 2
const lives = 5
const stepsPerLife = 40
/** `flushConsumerOffsetInterval`, and what a request may take. */
const notedMs = 5600

/**
 * Lives of one broker whose messages are given in order, which end by kills and stops at random moments. In the last one
 * everything that comes is acknowledged.
 * @returns what was lost or passed by, and what came again although it was acknowledged and that was noted
 */
export async function orderLivesRun(seed: number): Promise<string[]> {
  return new OrderLivesRun(await startCluster({ seed })).run()
}

class OrderLivesRun {
  readonly #cluster: Cluster
  readonly #machine: BrokerMachine
  readonly #faults: string[] = []
  readonly #sent: string[] = []
  /** When acknowledgements were first answered with success. */
  readonly #acknowledgedMs = new Map<string, number>()
  /** Of each queue the last offset that was given. */
  readonly #lastGiven = new Map<number, number>()
  readonly #killsMs: number[] = []
  #held: PoppedMessage[] = []
  #attempt = 0

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#machine = cluster.brokers[0]!
  }

  get #nowMs(): number {
    return this.#cluster.simulation.monotonic()
  }

  async run(): Promise<string[]> {
    await this.#newBroker().createTopic(topic, queueCount)
    for (let life = 0; life < lives; life++) await this.#live()
    await this.#end()
    return this.#faults
  }

  #newBroker() {
    return this.#cluster.newClient({ timeoutMs: 3000 }).broker(this.#machine)
  }

  #newConsumer(): PopConsumer {
    return new PopConsumer(this.#newBroker(), this.#machine.name, 'g', topic)
  }

  async #live(): Promise<void> {
    const { random } = this.#cluster.simulation
    const consumer = this.#newConsumer()
    for (let step = 0; step < stepsPerLife; step++) await unlessCrashed(() => this.#step(consumer))
    if (random.oneIn(3)) await this.#machine.stop()
    else {
      this.#killsMs.push(this.#nowMs)
      this.#machine.kill()
    }
    await this.#cluster.sleep(random.below(2000))
    await this.#machine.start()
  }

  async #step(consumer: PopConsumer): Promise<void> {
    const { random } = this.#cluster.simulation
    const choice = random.below(10)
    if (choice < 3) await this.#send()
    else if (choice < 6) await this.#pop(consumer)
    else if (choice < 8) await this.#acknowledgeOne(consumer)
    else if (choice < 9) await this.#changeOne(consumer)
    else await this.#cluster.sleep(random.pick([1, 200, 1500, 6000]))
  }

  async #send(): Promise<void> {
    const body = String(this.#sent.length)
    await this.#newBroker().send({ topic, queueId: this.#cluster.simulation.random.below(queueCount), body })
    this.#sent.push(body)
  }

  async #pop(consumer: PopConsumer): Promise<void> {
    const { random } = this.#cluster.simulation
    // An attempt asks once more when its answer was lost.
    if (!random.oneIn(3)) this.#attempt++
    const { messages } = await consumer.pop({
      ...{ order: true, attemptId: String(this.#attempt), queueId: random.pick([-1, 0, 1]) },
      ...{ maxMsgNums: random.between(1, 5), invisibleTime: random.pick([500, 2000, 8000]) },
      pollTime: random.oneIn(3) ? 800 : 0,
    })
    this.#given(messages)
  }

  #given(messages: readonly PoppedMessage[]): void {
    for (const message of messages) {
      const { queueId, queueOffset } = message.receipt
      const body = String(message.body)
      const endMs = this.#acknowledgedMs.get(body)
      if (endMs !== undefined && !this.#mayBeForgotten(endMs)) this.#faults.push(`${body} came again`)
      const last = this.#lastGiven.get(queueId) ?? -1
      if (queueOffset! > last + 1) this.#faults.push(`${queueOffset} of queue ${queueId} came after ${last}`)
      this.#lastGiven.set(queueId, Math.max(last, queueOffset!))
      this.#held.push(message)
    }
  }

  /** What was acknowledged shortly before the death of the process. */
  #mayBeForgotten(endMs: number): boolean {
    return this.#killsMs.some((killMs) => killMs >= endMs && killMs - endMs < notedMs)
  }

  async #acknowledgeOne(consumer: PopConsumer): Promise<void> {
    const { random } = this.#cluster.simulation
    if (this.#held.length === 0) return
    const message = random.pick(this.#held)
    if ((await consumer.ack(message)) === 'SUCCESS') this.#acknowledged(message)
    if (random.oneIn(2)) this.#drop(message)
  }

  #acknowledged({ body }: PoppedMessage): void {
    const known = this.#acknowledgedMs.get(String(body))
    this.#acknowledgedMs.set(String(body), known ?? this.#nowMs)
  }

  async #changeOne(consumer: PopConsumer): Promise<void> {
    const { random } = this.#cluster.simulation
    if (this.#held.length === 0) return
    const message = random.pick(this.#held)
    const changed = await consumer.changeInvisible(message, random.pick([0, 500, 5000]))
    if (changed === undefined) return
    this.#drop(message)
    this.#held.push(changed)
  }

  #drop(message: PoppedMessage): void {
    this.#held = this.#held.filter((one) => one !== message)
  }

  /** Acknowledges all that comes, until nothing does any more. */
  async #end(): Promise<void> {
    const consumer = this.#newConsumer()
    for (let quiet = 0; quiet < 6; ) {
      this.#attempt++
      const given = { order: true, attemptId: `last ${this.#attempt}`, maxMsgNums: 32, invisibleTime: 3000 }
      const { messages } = await consumer.pop({ ...given, pollTime: 3000 })
      this.#given(messages)
      for (const message of messages) {
        const code = await consumer.ack(message)
        if (code === 'SUCCESS') this.#acknowledged(message)
        else this.#faults.push(`the last acknowledgement of ${message.body} was refused: ${code}`)
      }
      quiet = messages.length === 0 ? quiet + 1 : 0
    }
    for (const body of this.#sent) if (!this.#acknowledgedMs.has(body)) this.#faults.push(`${body} is lost`)
  }
}
