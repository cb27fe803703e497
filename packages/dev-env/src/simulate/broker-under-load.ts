import { ResponseError } from '@rocketmq-ts/remoting'
import {
  type BrokerRun,
  type ObservedBroker,
  type ObservedQueue,
  type ObservedTopic,
  observedRecords,
  observedTopics,
  Recorder,
  readOffsets,
  readQueues,
  takeOverPowerLoss,
  type Violation,
} from '../checkers/index.ts'
import type { BrokerCalls } from '../client/broker-calls.ts'
import type { BrokerMachine } from '../cluster/broker-machine.ts'
import type { Cluster } from '../cluster/cluster.ts'

export const followingGroup = 'following-consumers'
export const tailGroup = 'tail-consumers'
const groups = [followingGroup, tailGroup]

/** Milliseconds between two times at which a broker of a simulation saves offsets or syncs its log. */
export const flushIntervalMs = 500
/** How late that may be: timers, slow disks, a sync that is under way. */
const lateMsMax = 1500
export const delayLevelsMs = [1000, 5000]
/** With ASYNC_FLUSH, milliseconds after which a topic that was made soon after another one survives a failure of the power. */
export const topicSafeMs = 1000

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
  readonly isSyncFlush: boolean
  readonly #troubles: Trouble[] = []
  /** Told after a failure of the power, and when that was, that the ends of queues may be gone. */
  readonly #onShortened: ((atMs: number) => void)[] = []
  /** Number of the run, from 1. */
  run = 1
  /** Consumers do nothing from the end of a run until what it left behind was looked at. */
  #isOpenForConsumers = true
  #consuming = 0
  /** Somebody ends or starts it. */
  isInTransition = false

  constructor(cluster: Cluster, machine: BrokerMachine) {
    this.#cluster = cluster
    this.machine = machine
    this.isSyncFlush = machine.settings.flushDiskType === 'SYNC_FLUSH'
    this.recorder = new Recorder({
      wallMs: () => machine.wallMs,
      monotonicMs: () => cluster.simulation.monotonic(),
    })
  }

  get name(): string {
    return this.machine.name
  }

  onShortened(listener: (atMs: number) => void): void {
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

  /** What waits when the clock is set back waits for as long as before: it is due at an earlier time of the clock. */
  jumpClock(byMs: number): void {
    this.machine.jumpClock(byMs)
    if (byMs > 0) return
    for (const one of [...this.recorder.history.sends, ...this.recorder.history.sendBacks]) one.sentAtMs += byMs
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
    await this.machine.startUntilUp()
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
    if (ending === 'power lost') await this.#takeOverPowerLoss(endedAtMs, sentSeqMax)
    const offsetsAfter = await this.observed((broker) => readOffsets(broker, this.topics, groups))
    const savedMs = ending === 'stopped' ? endedAtMs : this.#doneBefore(endedAtMs) + flushIntervalMs
    this.recorder.history.runs.push({ number: this.run, ending, endedAtMs: savedMs, offsetsAfter })
  }

  async #takeOverPowerLoss(atMs: number, sentSeqMax: number): Promise<void> {
    const { history } = this.recorder
    const queues = await this.readQueues()
    const syncedMs = this.#doneBefore(atMs)
    for (const creation of this.isSyncFlush ? [] : history.topicCreations) {
      const { outcome } = creation
      if (outcome.kind === 'acknowledged' && outcome.atMs > atMs - topicSafeMs) creation.outcome = { kind: 'unknown' }
    }
    const safeMs = this.isSyncFlush ? atMs : syncedMs
    this.violations.push(...takeOverPowerLoss(history, queues, { atMs, safeMs, sentBackSafeMs: syncedMs, sentSeqMax }))
    for (const listener of this.#onShortened) listener(atMs)
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
