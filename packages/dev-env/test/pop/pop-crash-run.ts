import { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { type BrokerMachine, type Cluster, PopConsumer, type PoppedMessage, startCluster } from '../../src/index.ts'
import { unlessCrashed } from '../unless-crashed.ts'

/** What ends a life of the broker; `full` is a kill after the disk was full for moments. */
type Ending = 'kill' | 'power' | 'stop' | 'full'
const endings = ['kill', 'power', 'stop', 'full'] as const
/** What ends each life. */
export type Crashes = Ending | 'any of them'

/** What is known of a message from outside. */
interface Known {
  readonly body: string
  /** The broker confirmed that it is stored. */
  isSent: boolean
  /** When the broker confirmed an acknowledgement, by the clock of the simulation. */
  acknowledgedMs: number | undefined
  /** Somebody asked for it to be acknowledged, and may have got no answer. */
  isAsked: boolean
  /** Times that it was given out. */
  givenMs: number[]
  /** Where it stood when it was given out, by the number of its deliveries before. */
  places: Map<number, Set<string>>
}

const topic = 'T'
const group = 'g'
const livesPerRun = 4
const stepsPerLife = 40
const hourMs = 3_600_000

/**
 * Lives of one broker with messages in flight: each ends in a crash at a random moment, or in the middle of a random
 * change of the disk. In the last one everything that comes is acknowledged.
 * @param jumps whether the broker's clock is set forward or back by an hour, now and then
 * @returns what was lost, and what came again although it was acknowledged
 */
export async function popCrashRun(seed: number, crashes: Crashes, jumps = false): Promise<string[]> {
  const cluster = await startCluster({
    seed,
    brokerSettings: {
      flushDiskType: crashes === 'power' || crashes === 'any of them' ? 'SYNC_FLUSH' : 'ASYNC_FLUSH',
      timerPrecisionMs: seed % 2 === 0 ? '1000' : '100',
    },
  })
  return new CrashRun(cluster, crashes, jumps ? new SeededRandom(seed) : undefined).run()
}

class CrashRun {
  readonly #cluster: Cluster
  readonly #crashes: Crashes
  readonly #machine: BrokerMachine
  readonly #messages = new Map<string, Known>()
  readonly #faults: string[] = []
  /** Given out and neither acknowledged nor given up; receipts of earlier lives stay. */
  #held: PoppedMessage[] = []
  #endFull: () => void = () => {}
  readonly #jumps: SeededRandom | undefined

  /** @param jumps chooses when the clock is set; undefined for never */
  constructor(cluster: Cluster, crashes: Crashes, jumps: SeededRandom | undefined) {
    this.#jumps = jumps
    this.#cluster = cluster
    this.#crashes = crashes
    this.#machine = cluster.brokers[0]!
  }

  get #nowMs(): number {
    return this.#cluster.simulation.monotonic()
  }

  async run(): Promise<string[]> {
    await this.#cluster.client.broker(this.#machine).createTopic(topic, 3)
    for (let life = 1; life < livesPerRun; life++) await this.#live()
    await this.#end()
    return this.#faults
  }

  #newConsumer(): PopConsumer {
    const client = this.#cluster.newClient({ timeoutMs: 3000 })
    return new PopConsumer(client.broker(this.#machine), this.#machine.name, group, topic)
  }

  async #live(): Promise<void> {
    const { random } = this.#cluster.simulation
    const consumer = this.#newConsumer()
    const ending = this.#crashes === 'any of them' ? random.pick(endings) : this.#crashes
    if (ending === 'power') this.#machine.losePowerAt(1 + random.below(random.pick([20, 100, 400])))
    const killMs = random.below(random.pick([50, 2000, 12_000]))
    const cancelKill = this.#cluster.simulation.after(killMs, () => {
      if (ending === 'kill' && this.#machine.isAlive) this.#machine.kill()
    })
    for (let step = 0; step < stepsPerLife && this.#machine.isAlive; step++) await this.#step(consumer, ending)
    cancelKill()
    this.#endFull()
    if (ending === 'stop') await this.#machine.stop()
    else if (ending === 'power' && this.#machine.isAlive) this.#machine.powerLoss()
    else if (this.#machine.isAlive) this.#machine.kill()
    await this.#cluster.sleep(random.below(random.pick([10, 4000])))
    await this.#machine.startUntilUp()
  }

  async #step(consumer: PopConsumer, ending: Ending): Promise<void> {
    const { random } = this.#cluster.simulation
    if (this.#jumps?.oneIn(15) === true) this.#machine.jumpClock(this.#jumps.pick([-hourMs, -1000, 1000, hourMs]))
    if (ending === 'full' && random.oneIn(8)) this.#fillDisk(random.between(1, 1500))
    const choice = random.below(12)
    if (choice < 3) await this.#send()
    else if (choice < 7) await this.#pop(consumer, random.pick([500, 1500, 3000, 6000]))
    else if (choice < 9) await this.#acknowledgeSome(consumer)
    else if (choice < 10) await this.#changeOne(consumer)
    else await this.#cluster.sleep(random.pick([1, 200, 900, 2500]))
  }

  #fillDisk(forMs: number): void {
    this.#endFull()
    const count = Number.POSITIVE_INFINITY
    const full = this.#machine.faults.add({ label: 'full disk', operation: 'write', kind: 'no-space', count })
    this.#endFull = () => full.remove()
    this.#cluster.simulation.after(forMs, () => full.remove())
  }

  async #send(): Promise<void> {
    const { random } = this.#cluster.simulation
    const broker = this.#cluster.newClient({ timeoutMs: 3000 }).broker(this.#machine)
    for (let count = random.below(4); count >= 0; count--) {
      const body = String(this.#messages.size)
      const known: Known = {
        body,
        isSent: false,
        acknowledgedMs: undefined,
        isAsked: false,
        givenMs: [],
        places: new Map(),
      }
      this.#messages.set(body, known)
      await unlessCrashed(async () => {
        await broker.send({ topic, queueId: random.below(3), body })
        known.isSent = true
      })
    }
  }

  async #pop(consumer: PopConsumer, invisibleTime: number): Promise<void> {
    const { random } = this.#cluster.simulation
    await unlessCrashed(async () => {
      const pollTime = random.oneIn(4) ? 1000 : 0
      const { messages } = await consumer.pop({ maxMsgNums: 1 + random.below(6), invisibleTime, pollTime })
      this.#given(messages)
    })
  }

  #given(messages: readonly PoppedMessage[]): void {
    for (const message of messages) {
      const known = this.#messages.get(String(message.body))!
      const { acknowledgedMs, givenMs, body } = known
      this.#notePlace(known, message)
      if (acknowledgedMs !== undefined && !this.#mayComeAgain(known)) {
        const given = givenMs.map(Math.round)
        this.#faults.push(
          `${body} came again ${Math.round(this.#nowMs - acknowledgedMs)} ms after its end; given ${given}`,
        )
      }
      givenMs.push(this.#nowMs)
      this.#held.push(message)
    }
  }

  #notePlace({ places }: Known, { receipt, reconsumeTimes }: PoppedMessage): void {
    const place = `${receipt.source} ${receipt.queueId} ${receipt.queueOffset}`
    const known = places.get(reconsumeTimes)
    if (known === undefined) places.set(reconsumeTimes, new Set([place]))
    else known.add(place)
  }

  /**
   * A failure of the power, in the moment in which a message becomes visible again, may leave it so without the note that
   * it is: then it becomes so twice.
   */
  #mayComeAgain({ places }: Known): boolean {
    const mayFail = this.#crashes === 'power' || this.#crashes === 'any of them'
    return mayFail && [...places.values()].some(({ size }) => size > 1)
  }

  /** Also twice, and with receipts of earlier lives, and with such that have expired. */
  async #acknowledgeSome(consumer: PopConsumer): Promise<void> {
    const { random } = this.#cluster.simulation
    for (let count = random.below(5); count >= 0 && this.#held.length > 0; count--) {
      await this.#acknowledge(consumer, random.pick(this.#held))
    }
  }

  async #acknowledge(consumer: PopConsumer, message: PoppedMessage): Promise<void> {
    const known = this.#messages.get(String(message.body))!
    const wasAsked = known.isAsked
    known.isAsked = true
    await unlessCrashed(async () => {
      const code = await consumer.ack(message)
      known.isAsked = wasAsked
      if (code === 'SUCCESS') {
        known.acknowledgedMs ??= this.#nowMs
        if (this.#cluster.simulation.random.oneIn(2)) this.#drop(message)
      } else this.#drop(message)
    })
  }

  async #changeOne(consumer: PopConsumer): Promise<void> {
    const { random } = this.#cluster.simulation
    if (this.#held.length === 0) return
    const message = random.pick(this.#held)
    const known = this.#messages.get(String(message.body))!
    if (known.acknowledgedMs !== undefined) return
    // When the answer is lost, it is asked for with the same receipt once more, or acknowledged with that.
    await unlessCrashed(async () => {
      const changed = await consumer.changeInvisible(message, random.pick([0, 500, 4000]))
      if (changed === undefined) return
      this.#drop(message)
      this.#held.push(changed)
    })
  }

  #drop(message: PoppedMessage): void {
    this.#held = this.#held.filter((one) => one !== message)
  }

  /** Acknowledges all that comes, until nothing does any more. */
  async #end(): Promise<void> {
    this.#machine.losePowerAt(Number.POSITIVE_INFINITY)
    await this.#machine.startUntilUp()
    // What was to be visible by a clock that was set back since is so by then.
    if (this.#jumps !== undefined) this.#machine.jumpClock(livesPerRun * stepsPerLife * hourMs)
    const consumer = this.#newConsumer()
    for (let quiet = 0; quiet < 4; ) {
      const { messages } = await consumer.pop({ maxMsgNums: 32, invisibleTime: 30_000, pollTime: 4000 })
      this.#given(messages)
      for (const message of messages) {
        const code = await consumer.ack(message)
        if (code === 'SUCCESS') this.#messages.get(String(message.body))!.acknowledgedMs ??= this.#nowMs
        else this.#faults.push(`the last acknowledgement of ${message.body} was refused: ${code}`)
      }
      quiet = messages.length === 0 ? quiet + 1 : 0
    }
    for (const { body, isSent, isAsked, acknowledgedMs } of this.#messages.values()) {
      if (isSent && !isAsked && acknowledgedMs === undefined) this.#faults.push(`${body} is lost`)
    }
    const { openCheckpoints, pending } = this.#machine.server.stats().pop
    if (openCheckpoints + pending > 0) this.#faults.push(`${openCheckpoints} checkpoints stay open, ${pending} pending`)
  }
}
