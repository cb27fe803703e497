import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Violation } from '@rocketmq-ts/dev-env/checkers'
import {
  type BrokerRun,
  type CheckLimits,
  checkDelays,
  checkHistory,
  checkQueues,
  type History,
  type ObservedQueue,
  observe,
  observedTopics,
  queueKey,
  Recorder,
  readOffsets,
  readQueues,
} from '@rocketmq-ts/dev-env/checkers'
import { openTarget } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import type { ServerProcess } from '../targets/target.ts'
import { BrokerClient } from './broker-client.ts'
import { type Fault, type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts'
import { consumerGroup, Load, tailGroup } from './load.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface CrashRunOptions {
  /** Names the run's folder. */
  label: string
  random: SeededRandom
  /** How often the broker is killed. */
  kills: number
  /** Further keys of broker.conf. */
  config?: Record<string, string>
  /** Planted between the load and the broker. */
  fault?: Fault
  /** Topics that there are at most; 3 are there from the start. */
  topicsMax?: number
  /** Of each run of the broker under load, in milliseconds. */
  runMs?: { least: number; most: number }
}

export interface CrashReport {
  violations: Violation[]
  history: History
  kills: number
  stops: number
  /** How often it was killed while it was starting. */
  killsWhileStarting: number
  /** How often the fault was planted. */
  faultsPlanted: number
  logTail: string
}

const groups = [consumerGroup, tailGroup]
const flushIntervalMs = 500

export const crashLimits: CheckLimits = {
  flushIntervalMs,
  timerDelayMsMax: 1000,
  delayLevelsMs: [1000, 5000],
}

/** Small files, so that a run crosses many borders of segments; several flushes of offsets in a run. */
export const crashConfig = {
  mappedFileSizeCommitLog: String(1024 * 1024),
  mappedFileSizeConsumeQueue: '6000',
  maxHashSlotNum: '1000',
  maxIndexNum: '5000',
  flushConsumerOffsetInterval: String(flushIntervalMs),
  flushDelayOffsetInterval: String(flushIntervalMs),
}

/**
 * Loads a broker, kills it at random moments, starts it again on the same store, and at last checks the history.
 * Stops early when a restart shows a broken promise.
 */
export async function runCrashes(options: CrashRunOptions): Promise<CrashReport> {
  const folder = createWorkFolder(options.label)
  const target = openTarget(folder, 'ours')
  const started: ServerProcess[] = []
  let proxy: FaultyProxy | undefined
  try {
    const nameServer = await target.startNameServer({ port: await allocateNameServerPort() })
    started.push(nameServer)
    const broker = await target.startBroker({
      brokerName: 'broker-a',
      clusterName: 'DefaultCluster',
      listenPort: await allocateBrokerPort(),
      namesrvAddr: nameServer.address,
      storeDir: join(folder, 'store'),
      config: { ...crashConfig, ...options.config },
    })
    started.push(broker)
    if (options.fault !== undefined) proxy = await startFaultyProxy(broker.address, options.fault)
    const report = await new CrashRun(broker, proxy?.address ?? broker.address, options).perform()
    // Stores and logs of a failure stay for a look at them.
    const isKept = report.violations.length > 0 && options.fault === undefined
    if (!isKept && process.env.INTEROP_KEEP !== '1') rmSync(folder, { recursive: true, force: true })
    return { ...report, faultsPlanted: proxy?.planted() ?? 0 }
  } finally {
    await proxy?.close()
    await Promise.all(started.map((server) => server.kill()))
  }
}

class CrashRun {
  readonly #broker: ServerProcess
  readonly #options: CrashRunOptions
  readonly #recorder = new Recorder()
  readonly #load: Load
  readonly #random: SeededRandom
  /** Up to where each queue was read after the restarts so far. */
  readonly #readUpTo = new Map<string, number>()
  #kills = 0
  #stops = 0
  #killsWhileStarting = 0

  constructor(broker: ServerProcess, loadAddress: string, options: CrashRunOptions) {
    this.#broker = broker
    this.#options = options
    this.#random = options.random
    const { random, topicsMax } = options
    this.#load = new Load({ address: loadAddress, recorder: this.#recorder, random: random.fork(), topicsMax })
  }

  async perform(): Promise<Omit<CrashReport, 'faultsPlanted'>> {
    await this.#load.prepare()
    let violations: Violation[] = []
    for (let run = 1; this.#kills < this.#options.kills && violations.length === 0; run++) {
      await this.#oneRun(run)
      // Planted faults are found at the end, by all rules.
      if (this.#options.fault === undefined) violations = await this.#checkRestart()
    }
    if (violations.length === 0) violations = await this.#checkAll()
    return {
      violations,
      history: this.#recorder.history,
      kills: this.#kills,
      stops: this.#stops,
      killsWhileStarting: this.#killsWhileStarting,
      logTail: this.#broker.logTail(),
    }
  }

  async #oneRun(number: number): Promise<void> {
    const { least, most } = this.#options.runMs ?? { least: 30, most: 1500 }
    const running = this.#load.run(number)
    // The moment of the crash is what the seed decides: nothing is waited for.
    await pause(this.#random.between(least, this.#random.chance(0.15) ? most * 2 : most))
    const ending = this.#random.chance(0.1) ? 'stopped' : 'killed'
    const endedAtMs = performance.now()
    if (ending === 'killed') {
      this.#kills++
      await this.#broker.kill()
    } else {
      this.#stops++
      await this.#broker.stop()
    }
    this.#load.stop()
    await running
    while (this.#random.chance(0.25)) await this.#killWhileStarting()
    await this.#broker.restart()
    await this.#noteRun({ number, ending, endedAtMs })
  }

  /** A crash in the middle of recovery must be no worse than one before it. */
  async #killWhileStarting(): Promise<void> {
    const starting = this.#broker.restart().then(
      () => 'ready',
      () => 'ended',
    )
    await pause(this.#random.between(50, 800))
    await this.#broker.kill()
    await starting
    this.#killsWhileStarting++
  }

  async #noteRun(run: Omit<BrokerRun, 'offsetsAfter'>): Promise<void> {
    await this.#withClient(async (client) => {
      const offsetsAfter = await readOffsets(client, this.#load.topics, groups)
      this.#recorder.history.runs.push({ ...run, offsetsAfter })
    })
  }

  /** What can be decided after each restart: what is new in the queues. */
  async #checkRestart(): Promise<Violation[]> {
    const queues = await this.#withClient((client) => readQueues(client, this.#topics(), this.#readUpTo))
    for (const queue of queues) this.#readUpTo.set(queueKey(queue), queue.maxOffset)
    return checkQueues(this.#recorder.history, queues)
  }

  async #checkAll(): Promise<Violation[]> {
    const { history } = this.#recorder
    return this.#withClient(async (client) => {
      const undelivered = await this.#awaitDeliveries(client)
      const observation = await observe(client, history, this.#topics(), this.#random.fork())
      const violations = checkHistory(history, observation, crashLimits)
      return violations.length === 0 ? undelivered : violations
    })
  }

  /** @returns what is still not delivered when it should have been long since */
  async #awaitDeliveries(client: BrokerClient): Promise<Violation[]> {
    let left: Violation[] = []
    try {
      await pollUntil('delivery of all delayed messages', async () => {
        const queues: ObservedQueue[] = await readQueues(client, this.#topics())
        left = checkDelays(this.#recorder.history, queues, crashLimits.delayLevelsMs)
        return left.length === 0 || { notYet: `${left.length} are missing` }
      })
    } catch (error) {
      if (left.length === 0) throw error
    }
    return left
  }

  #topics(): ReturnType<typeof observedTopics> {
    return observedTopics(this.#load.topics, [consumerGroup], crashLimits.delayLevelsMs.length)
  }

  async #withClient<Result>(use: (client: BrokerClient) => Promise<Result>): Promise<Result> {
    const client = await BrokerClient.connect(this.#broker.address)
    try {
      return await use(client)
    } finally {
      client.close()
    }
  }
}
