import { ResponseError } from '@rocketmq-ts/remoting'
import {
  type BrokerRun,
  type ObservedBroker,
  type ObservedQueue,
  type ObservedTopic,
  observedRecords,
  observedTopics,
  queueKey,
  Recorder,
  readOffsets,
  readQueues,
  storedIn,
  takeOverPowerLoss,
  type Violation,
} from '../checkers/index.ts'
import type { BrokerCalls } from '../client/broker-calls.ts'
import type { BrokerMachine } from '../cluster/broker-machine.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { ProcessGoneError } from '../cluster/machine.ts'

export const followingGroup = 'following-consumers'
export const tailGroup = 'tail-consumers'
const groups = [followingGroup, tailGroup]

/** Milliseconds between two times at which a broker of a simulation saves offsets or syncs its log. */
export const flushIntervalMs = 500
/** How late that may be: timers, slow disks, a sync that is under way. */
const lateMsMax = 1500
/**
 * Milliseconds after which a topic survives a failure of the power: one that is made soon after another one is written
 * at once, and synced together with others. The load uses it from then on.
 */
export const topicSafeMs = 1000
export const delayLevelsMs = [1000, 5000]

/** It may be that the broker refuses connections for a while, or stands still. */
const observeAttemptsMax = 100
const observeRestMs = 200

type Ending = BrokerRun['ending']

/** A time in which a broker could not do what it does regularly. */
interface Trouble {
  readonly fromMs: number
  toMs: number
}

/** A broker in a simulation: what was done to it, and what it left behind each time. */
export class BrokerUnderLoad {
  readonly machine: BrokerMachine
  readonly recorder: Recorder
  readonly topics: ObservedTopic[] = []
  readonly violations: Violation[] = []
  readonly #cluster: Cluster
  readonly #isSyncFlush: boolean
  readonly #troubles: Trouble[] = []
  /** Told of each queue's end after a failure of the power, as far as is known. */
  readonly #onShortened: ((ends: ReadonlyMap<string, number>) => void)[] = []
  /** Number of the run, from 1. */
  run = 1
  /** Consumers do nothing from the end of a run until what it left behind was looked at. */
  #isOpenForConsumers = true
  #consuming = 0
  /** The latest that its clock ever showed before it was set. */
  #latestWallMs = 0
  /** By so much its clock was set forward. */
  #jumpedMs = 0
  /** Somebody ends or starts it. */
  isInTransition = false

  constructor(cluster: Cluster, machine: BrokerMachine) {
    this.#cluster = cluster
    this.machine = machine
    this.#isSyncFlush = machine.settings.flushDiskType === 'SYNC_FLUSH'
    this.recorder = new Recorder({
      wallMs: () => (machine.wallMs < this.#latestWallMs ? 0 : machine.wallMs),
      monotonicMs: () => cluster.simulation.monotonic(),
    })
  }

  /** Whether its clock was ever set back: store times may fall at the next start then. */
  get wasSetBack(): boolean {
    return this.#latestWallMs > 0
  }

  get name(): string {
    return this.machine.name
  }

  onShortened(listener: (ends: ReadonlyMap<string, number>) => void): void {
    this.#onShortened.push(listener)
  }

  /** From now on it cannot save or sync in time. @returns ends that */
  beginTrouble(): () => void {
    const trouble: Trouble = { fromMs: this.#nowMs, toMs: Number.POSITIVE_INFINITY }
    this.#troubles.push(trouble)
    return () => {
      trouble.toMs = this.#nowMs
    }
  }

  /**
   * When the clock was set back, what waits may come at once, and what is under way seems to be of later. Until it has
   * caught up, store times do not rise and what is delayed comes at once, too.
   */
  jumpClock(byMs: number): void {
    if (byMs < 0) this.#latestWallMs = Math.max(this.#latestWallMs, this.machine.wallMs)
    this.machine.jumpClock(byMs)
    if (byMs > 0) {
      this.#jumpedMs += byMs
      return
    }
    for (const one of [...this.recorder.history.sends, ...this.recorder.history.sendBacks]) {
      const isDelivered = one.sentAtMs + delayLevelsMs.at(-1)! < this.machine.wallMs
      if (!isDelivered) one.sentAtMs = 0
    }
  }

  /**
   * Ends the run in some way, lets `meanwhile` happen, starts the next one, and looks at what the old one left behind.
   * @param end makes the process end
   */
  async restart(ending: Ending, end: () => Promise<void>, meanwhile: () => Promise<void>): Promise<void> {
    this.isInTransition = true
    this.#isOpenForConsumers = false
    await end()
    const { endedAtMs } = this.machine
    const sentSeqMax = this.recorder.doubtPending()
    await meanwhile()
    // What was asked for in this run must not be done in the next one.
    await this.#cluster.until('the end of what consumers asked for', () => this.#consuming === 0)
    await this.start()
    await this.#lookBack(ending, endedAtMs, sentSeqMax)
    this.run++
    this.#isOpenForConsumers = true
    this.isInTransition = false
  }

  /** Lets a consumer ask for something, unless consumers have to wait. */
  async consume(ask: () => Promise<unknown>): Promise<void> {
    if (!this.#isOpenForConsumers) return
    this.#consuming++
    try {
      await ask()
    } finally {
      this.#consuming--
    }
  }

  /** @throws Error when it cannot be started */
  async start(): Promise<void> {
    while (!this.machine.isRunning) {
      try {
        await this.machine.start()
      } catch (error) {
        if (!(error instanceof ProcessGoneError)) throw error
      }
    }
  }

  /** Asks as somebody whom no fault of the network concerns. */
  async observed<Result>(use: (broker: ObservedBroker, calls: BrokerCalls) => Promise<Result>): Promise<Result> {
    for (let attempts = 1; ; attempts++) {
      const client = this.#cluster.newClient()
      const calls = client.broker(this.machine)
      try {
        return await use(observedBroker(calls), calls)
      } catch (error) {
        if (isRefusal(error) || attempts === observeAttemptsMax) throw error
        await this.#cluster.sleep(observeRestMs)
      } finally {
        client.kill()
      }
    }
  }

  /**
   * All queues of the load, and those in which the broker keeps what is delayed or to be tried again.
   * @param fromOffsets where to begin in each; at 0 without it
   */
  readQueues(fromOffsets?: ReadonlyMap<string, number>): Promise<ObservedQueue[]> {
    return this.observed((broker) => readQueues(broker, this.observedTopics(), fromOffsets))
  }

  observedTopics(): ObservedTopic[] {
    return observedTopics(this.topics, [followingGroup], delayLevelsMs.length)
  }

  async #lookBack(ending: Ending, endedAtMs: number, sentSeqMax: number): Promise<void> {
    const isPowerLoss = ending === 'power lost'
    const leastEnds = isPowerLoss ? await this.#takeOverPowerLoss(endedAtMs, sentSeqMax) : new Map<string, number>()
    const offsets = await this.observed((broker) => readOffsets(broker, this.topics, groups))
    const offsetsAfter = offsets.map((offset) =>
      isPowerLoss ? { ...offset, queueEndLeast: leastEnds.get(queueKey(offset)) ?? 0 } : offset,
    )
    const savedMs = ending === 'stopped' ? endedAtMs : this.#doneBefore(endedAtMs) + flushIntervalMs
    this.recorder.history.runs.push({ number: this.run, ending, endedAtMs: savedMs, offsetsAfter })
  }

  /** @returns before which offset no queue ends: what came since may have filled one again before it was looked at */
  async #takeOverPowerLoss(atMs: number, sentSeqMax: number): Promise<Map<string, number>> {
    const { history } = this.recorder
    const queues = await this.readQueues()
    const syncedMs = this.#doneBefore(atMs)
    for (const creation of history.topicCreations) {
      const { outcome } = creation
      if (outcome.kind === 'acknowledged' && outcome.atMs > atMs - topicSafeMs) creation.outcome = { kind: 'unknown' }
    }
    const safeMs = this.#isSyncFlush ? atMs : syncedMs
    this.violations.push(...takeOverPowerLoss(history, queues, { atMs, safeMs, sentBackSafeMs: syncedMs, sentSeqMax }))
    this.#excuseDeliveries(atMs - syncedMs)
    const ends = new Map([...this.#allQueues(), ...queues].map((queue) => [queueKey(queue), 0]))
    for (const [key, end] of this.#endsOfKnown(sentSeqMax, atMs)) ends.set(key, end)
    for (const listener of this.#onShortened) listener(ends)
    return ends
  }

  /**
   * The progress of delayed messages can be on the disk when the last that it passed by are not: what was delivered in
   * that time may be lost.
   * @param forMs before the power failed
   */
  #excuseDeliveries(forMs: number): void {
    const { sends, sendBacks } = this.recorder.history
    for (const one of [...sends, ...sendBacks]) {
      if (one.delayLevel === 0 || one.outcome.kind !== 'acknowledged') continue
      const dueMs = one.sentAtMs + delayLevelsMs[one.delayLevel - 1]!
      const sinceMs = this.machine.wallMs - dueMs
      const downMs = this.#nowMs - this.machine.endedAtMs
      if (one.sentAtMs === 0 || (sinceMs >= 0 && sinceMs <= forMs + downMs + this.#jumpedMs)) {
        one.outcome = { kind: 'unknown' }
      }
    }
  }

  /** Behind what was known of each queue before a moment. */
  #endsOfKnown(sentSeqMax: number, atMs: number): Map<string, number> {
    const { sends, seen } = this.recorder.history
    const ends = new Map<string, number>()
    const known = (key: string, queueOffset: number): void => {
      ends.set(key, Math.max(ends.get(key) ?? 0, queueOffset + 1))
    }
    for (const send of sends) {
      const { outcome, sentSeq } = send
      if (outcome.kind !== 'acknowledged' || sentSeq > sentSeqMax || outcome.atMs > atMs) continue
      known(queueKey(storedIn(send)), outcome.queueOffset)
    }
    for (const record of seen) known(queueKey(record), record.queueOffset)
    return ends
  }

  #allQueues(): { topic: string; queueId: number }[] {
    return this.topics.flatMap(({ topic, queues }) =>
      Array.from({ length: queues }, (_, queueId) => ({ topic, queueId })),
    )
  }

  /** What was done until then was saved and synced when the run ended. */
  #doneBefore(endedAtMs: number): number {
    const windowMs = flushIntervalMs + lateMsMax
    let doneMs = endedAtMs - windowMs
    for (const { fromMs, toMs } of this.#troubles.toReversed()) {
      if (fromMs < doneMs + windowMs && toMs > doneMs) doneMs = fromMs - windowMs
    }
    return doneMs
  }

  get #nowMs(): number {
    return this.#cluster.simulation.monotonic()
  }
}

function observedBroker(calls: BrokerCalls): ObservedBroker {
  return {
    async pull(request) {
      const { bytes, nextOffset, maxOffset } = await calls.pull(request)
      return { records: observedRecords(bytes), nextOffset, maxOffset }
    },
    committedOffset: (group, topic, queueId) => calls.committedOffset(group, topic, queueId),
    findByKey: async (topic, key, isUniqueKey) => observedRecords(await calls.findByKey(topic, key, isUniqueKey)),
    offsetByTime: (topic, queueId, timestampMs, boundary) => calls.offsetByTime(topic, queueId, timestampMs, boundary),
    topics: () => calls.topics(),
  }
}

/** Whether an answer is one of the broker, and not the loss of one. */
function isRefusal(error: unknown): error is ResponseError {
  return error instanceof ResponseError
}
