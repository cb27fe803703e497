import type { FileSystem, Log } from '@rocketmq-ts/platform'
import { CrashableFileSystem, SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { sysFlag } from '@rocketmq-ts/protocol'
import { ConfigFile, CutBackError, type FlushMode, type MessageStore, type PutOutcome } from '../../src/index.ts'
import { settle } from '../settle.ts'
import { batchTopics, message, openStore, properties } from '../store-kit.ts'
import { findingsOf } from './findings.ts'
import { History, type PutRecord } from './history.ts'
import { MasterLog } from './master-log.ts'

export interface CrashRunOptions {
  seed: number
  flushMode: FlushMode
  /** What ends each life of the store. */
  crashes: 'power' | 'kill' | 'both'
  /** Puts something between the store and its disk, such as a defect that is to be found. */
  wrap?(fileSystem: FileSystem): FileSystem
  log?: Log
}

const livesPerRun = 5
const batchTopic = 'Batch'
const topics = ['T0', 'T1', 'T2', batchTopic]
const root = '/data/store'
const logBytes = 16 * 1024

/**
 * Lives of one store: each opens it, checks what is there, uses it, and ends in a crash at a random change of the disk.
 * @returns what the checker found wrong; the first life with a finding is the last
 */
export async function crashRun(options: CrashRunOptions): Promise<string[]> {
  return new CrashRun(options).run()
}

class CrashRun {
  readonly #options: CrashRunOptions
  readonly #random: SeededRandom
  readonly #disk: CrashableFileSystem
  readonly #fileSystem: FileSystem
  readonly #history = new History()
  /** Decides how far the clock is set back between two lives. */
  readonly #clockRandom: SeededRandom
  #clock = new SteppedClock()
  /** The latest that any clock has shown. */
  #latestMs = 0
  #lastCrash: 'running' | 'kill' | 'power' = 'running'
  /** The log is being cut back. */
  #cutting: object | undefined
  /** Why that failed, with a disk that has no fault. */
  #cutError: Error | undefined
  #configAttempted = 0
  #configSaved = 0
  /** Each life has its own number, so that what an earlier one still says is not heard. */
  #life = 0

  constructor(options: CrashRunOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed)
    this.#clockRandom = new SeededRandom(options.seed ^ 0xc10c)
    this.#disk = new CrashableFileSystem(() => this.#clock.now())
    this.#fileSystem = options.wrap?.(this.#disk) ?? this.#disk
  }

  async run(): Promise<string[]> {
    while (this.#life < livesPerRun) {
      this.#life++
      this.#latestMs = Math.max(this.#latestMs, this.#clock.now())
      const byMs = this.#clockRandom.oneIn(3) ? -this.#clockRandom.below(60_000) : 1000
      this.#clock = new SteppedClock(this.#clock.now() + byMs)
      const problems = await this.#live()
      if (problems.length > 0) return problems.map((problem) => `life ${this.#life}: ${problem}`)
    }
    return []
  }

  async #live(): Promise<string[]> {
    const store = this.#open()
    const problems = this.#history.check(this.#lastCrash, await findingsOf(store))
    problems.push(...this.#checkConfig())
    this.#lastCrash = 'running'
    if (problems.length > 0 || this.#life === livesPerRun) return problems
    const change = 1 + this.#random.below(this.#random.pick([20, 120, 500]))
    this.#disk.failPowerAt(change)
    for (let steps = 0; steps < 400 && !this.#disk.isDown; steps++) await this.#step(store)
    // A disk without a fault is no reason to take no more writes.
    const { refusal } = store
    if (refusal !== undefined && !this.#disk.isDown) return [refusal]
    if (this.#cutError !== undefined) return [`cutting back failed: ${this.#cutError.stack}`]
    const found = this.#random.oneIn(2) ? await this.#checkRunning(store) : []
    if (this.#random.oneIn(4)) this.#close(store)
    this.#crash()
    return found
  }

  async #checkRunning(store: MessageStore): Promise<string[]> {
    try {
      this.#clock.finishTurn()
      // What is being written in the background, and what follows it.
      await settle()
      return this.#disk.isDown ? [] : this.#history.check('running', await findingsOf(store))
    } catch (error) {
      if (!this.#disk.isDown) throw error
      return []
    }
  }

  /** Opens the store; the power may fail meanwhile, more than once. */
  #open(): MessageStore {
    for (;;) {
      if (this.#random.oneIn(3)) this.#disk.failPowerAt(1 + this.#random.below(12))
      try {
        const store = this.#newStore()
        this.#disk.failPowerAt(Number.POSITIVE_INFINITY)
        return store
      } catch (error) {
        if (!this.#disk.isDown) throw error
        this.#crash()
      }
    }
  }

  #newStore(): MessageStore {
    return openStore(root, {
      platform: { fileSystem: this.#fileSystem, clock: this.#clock },
      commitLogSegmentBytes: logBytes,
      consumeQueueSegmentBytes: 20 * 32,
      batchQueueSegmentBytes: 46 * 16,
      queueTypes: batchTopics,
      keyIndex: { slotCount: 97, entryCountMax: 150 },
      flushMode: this.#options.flushMode,
      backgroundWriteBytesMin: this.#random.pick([Number.POSITIVE_INFINITY, 0, 1000]),
      queueSyncIntervalMs: 5000,
      openFilesMax: 6,
      ...(this.#options.log === undefined ? {} : { log: this.#options.log }),
      retentionRules: () => ({
        reservedMs: 120_000,
        deleteHours: [],
        cleanRatio: 2,
        forceRatio: 2,
        fullRatio: 2,
        mayForce: false,
      }),
    })
  }

  #crash(): void {
    const { crashes } = this.#options
    const isPower = crashes === 'both' ? this.#random.oneIn(2) : crashes === 'power'
    this.#disk.operationCount = 0
    this.#cutting = undefined
    if (isPower) this.#disk.crash(this.#random.below(2 ** 31))
    else this.#disk.kill()
    if (isPower || this.#lastCrash !== 'power') this.#lastCrash = isPower ? 'power' : 'kill'
  }

  async #step(store: MessageStore): Promise<void> {
    try {
      const choice = this.#random.below(42)
      if (choice < 22) this.#put(store)
      else if (choice < 26) this.#clock.finishTurn()
      else if (choice < 34) this.#clock.advance(this.#random.pick([1, 100, 600, 1500]))
      else if (choice < 36) this.#clock.advance(this.#random.pick([6000, 11_000, 40_000]))
      else if (choice === 36) store.deleteOldFiles()
      else if (choice === 37) this.#saveConfig()
      else if (choice === 38 && this.#random.oneIn(6)) this.#removeTopic(store)
      else if (choice === 39 && this.#random.oneIn(2)) this.#cutBack(store)
      else if (choice === 40 && this.#random.oneIn(2)) await this.#appendRaw(store)
      if (this.#random.oneIn(3)) this.#clock.finishTurn()
      for (let turns = this.#random.below(12); turns > 0; turns--) await Promise.resolve()
      if (!this.#disk.isDown) this.#history.syncedUpTo(store.positions.synced)
    } catch (error) {
      if (!this.#disk.isDown) throw error
    }
  }

  #put(store: MessageStore): void {
    const count = this.#random.oneIn(4) ? 2 + this.#random.below(3) : 1
    const topic = this.#random.pick(topics)
    const queueId = this.#random.below(2)
    const isWhole = topic === batchTopic && count > 1
    const puts = isWhole
      ? [this.#newPut(topic, queueId, count)]
      : Array.from({ length: count }, () => this.#newPut(topic, queueId))
    const life = this.#life
    const messages = puts.map(({ body, properties: encoded }) =>
      message({
        ...{ topic, queueId, body: Buffer.from(body), properties: encoded },
        sysFlag: isWhole ? sysFlag.innerBatch | sysFlag.needUnwrap : 0,
      }),
    )
    const done = (outcome: PutOutcome): void => {
      if (life !== this.#life) return
      if (outcome.kind === 'refused') {
        // What was on its way when the store was stopped may be there.
        if (outcome.cause === 'cutting-back') for (const { id } of puts) this.#history.refuse(id)
        return
      }
      for (const [index, { id }] of puts.entries()) {
        const { queueOffset, physicalOffset, totalSize } = outcome.places[index]!
        const place = { queueOffset, physicalOffset, totalSize }
        if (outcome.kind === 'sync-timeout') this.#history.place(id, place)
        else this.#history.confirm(id, place, this.#options.flushMode === 'SYNC_FLUSH')
      }
    }
    if (isWhole) store.putWhole(messages[0]!, count, done)
    else store.put(messages, done)
  }

  #newPut(topic: string, queueId: number, count = 1): PutRecord {
    const id = this.#history.count
    const key = `k${id}`
    const size = this.#random.pick([0, 10, 200, 200, 900, 3000])
    const put = {
      id,
      topic,
      queueId,
      key,
      body: `${id} ${'b'.repeat(this.#random.below(size + 1))}`,
      properties: properties({ KEYS: key, UNIQ_KEY: `U${id}`, note: 'n'.repeat(this.#random.below(60)) }),
      count,
    }
    this.#history.add(put)
    return put
  }

  /** Cuts the log back to where some message starts, while the next steps go on. Often the power fails meanwhile. */
  #cutBack(store: MessageStore): void {
    if (this.#cutting !== undefined) return
    const { min, max } = store.positions
    const starts = this.#history.starts().filter((start) => start >= min)
    const position = this.#random.oneIn(8) ? max : (starts[starts.length - 1 - this.#random.below(20)] ?? max)
    if (this.#random.oneIn(2)) this.#disk.failPowerAt(1 + this.#random.below(14))
    this.#history.beginCut(position)
    // What is said of it after a crash is not heard.
    const cutting = {}
    this.#cutting = cutting
    const ended = (error?: Error): void => {
      if (this.#cutting !== cutting) return
      this.#cutting = undefined
      if (this.#disk.isDown) return
      // Retention took the message meanwhile, or the store is being closed.
      if (error instanceof CutBackError) this.#history.cancelCut()
      else if (error === undefined) this.#history.endCut()
      else this.#cutError = error
    }
    store.cutBackTo(position).then(() => ended(), ended)
  }

  /** Appends records as another broker's log has them, in pieces of any length; the last one may never come. */
  async #appendRaw(store: MessageStore): Promise<void> {
    this.#clock.finishTurn()
    await settle()
    if (this.#disk.isDown || this.#cutting !== undefined || store.appendPosition !== store.positions.max) return
    const topic = this.#random.pick(topics)
    const queueId = this.#random.below(2)
    const life = this.#life
    const puts: PutRecord[] = []
    const source = new MasterLog(store.positions.max, logBytes)
    let queueOffset = store.maxOffset(topic, queueId)
    for (let count = 1 + this.#random.below(5); count > 0; count--) {
      const put = this.#newPut(topic, queueId, topic === batchTopic ? 1 + this.#random.below(4) : 1)
      puts.push(put)
      const batch = { INNER_NUM: String(put.count), INNER_BASE: String(queueOffset) }
      const sent = message({
        ...{
          topic,
          queueId,
          body: Buffer.from(put.body),
          properties: `${put.properties}${put.count > 1 ? properties(batch) : ''}`,
        },
        sysFlag: put.count > 1 ? sysFlag.innerBatch | sysFlag.needUnwrap : 0,
      })
      // The store may have gone on by some milliseconds while the clock was behind.
      source.append(sent, queueOffset, 5 + Math.max(this.#latestMs, this.#clock.now()))
      queueOffset += put.count
    }
    const { bytes, ends } = source
    const waiting = [...puts]
    const end = this.#random.oneIn(4) ? this.#random.below(bytes.length) : bytes.length
    let at = 0
    while (at < end && !this.#disk.isDown && store.refusal === undefined) {
      const piece = bytes.subarray(at, Math.min(end, at + 1 + this.#random.below(1500)))
      store.appendRaw(store.appendPosition, piece, (outcome) => {
        if (life !== this.#life || outcome.kind === 'refused') return
        for (const { queueOffset: offset, physicalOffset, totalSize } of outcome.places) {
          const { id } = waiting.shift()!
          const place = { queueOffset: offset, physicalOffset, totalSize }
          if (outcome.kind === 'sync-timeout') this.#history.place(id, place)
          else this.#history.confirm(id, place, this.#options.flushMode === 'SYNC_FLUSH')
        }
      })
      at += piece.length
      if (this.#random.oneIn(3)) this.#clock.finishTurn()
    }
    for (const [index, { id }] of puts.entries()) if (ends[index]! > at) this.#history.refuse(id)
  }

  #removeTopic(store: MessageStore): void {
    if (this.#random.oneIn(2)) this.#clock.finishTurn()
    const topic = this.#random.pick(topics)
    this.#history.deleteTopic(topic)
    store.removeTopic(topic)
  }

  #close(store: MessageStore): void {
    try {
      store.close()
      if (!this.#disk.isDown && store.refusal?.includes('no more writes') !== true)
        this.#history.syncedUpTo(Number.POSITIVE_INFINITY)
    } catch (error) {
      if (!this.#disk.isDown) throw error
    }
  }

  get #config(): ConfigFile {
    return new ConfigFile(this.#fileSystem, `${root}/config/test.json`, this.#options.log ?? silent)
  }

  #saveConfig(): void {
    this.#configAttempted++
    this.#config.save(JSON.stringify({ value: this.#configAttempted, fill: 'f'.repeat(700) }))
    this.#configSaved = this.#configAttempted
  }

  #checkConfig(): string[] {
    const value = this.#config.load((text) => (JSON.parse(text) as { value: number }).value) ?? 0
    if (value < this.#configSaved || value > this.#configAttempted) {
      return [`the config file holds ${value}, and ${this.#configSaved} was saved`]
    }
    // What a process that died had not saved to the end can still be lost.
    if (this.#lastCrash === 'power') this.#configSaved = value
    return []
  }
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
