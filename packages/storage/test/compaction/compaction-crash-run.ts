import type { FileSystem } from '@rocketmq-ts/platform'
import { CrashableFileSystem, FaultyFileSystem, SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { javaStringHash } from '@rocketmq-ts/protocol'
import type { FlushMode, MessageStore } from '../../src/index.ts'
import { settle } from '../settle.ts'
import { message, openStore, properties } from '../store-kit.ts'
import { allOf, type Found, root, topic } from './compaction-kit.ts'

export interface CompactionCrashOptions {
  seed: number
  flushMode: FlushMode
  crashes: 'power' | 'kill' | 'both'
  /** Whether some lives compact nothing: in these nothing is deleted, and what is read is not looked at. */
  switchesOff?: boolean
  /**
   * Whether messages have tags, are put several at once and have keys of which more are there than fit into memory; the disk is
   * full at times, and the clock is set back between lives.
   */
  hasMore?: boolean
  /** Puts something between the store and its disk, such as a defect that is to be found. */
  wrap?(fileSystem: FileSystem): FileSystem
}

const lives = 6
const queueIds = [0, 1]
const tags = ['A', 'B', 'C']

/** What is known of a message that was put. */
interface Put {
  key: string
  body: string
  note: string
  tag: string | undefined
  /** Undefined until the store has told it, or it was found. */
  queueOffset?: number
}

/**
 * Lives of a store with a compaction topic: each opens it, checks it, puts messages with few keys, compacts, and ends in
 * a crash at a random change of the disk. Files of the log are deleted early.
 * @returns what was wrong
 */
export async function compactionCrashRun({
  seed,
  flushMode,
  crashes,
  switchesOff = false,
  hasMore = false,
  wrap,
}: CompactionCrashOptions): Promise<string[]> {
  const random = new SeededRandom(seed)
  let clock = new SteppedClock()
  const disk = new CrashableFileSystem(() => clock.now())
  const faults = new FaultyFileSystem(wrap?.(disk) ?? disk)
  const fileSystem: FileSystem = faults
  // What is chosen by it changes nothing for runs without more.
  const more = hasMore ? new SeededRandom(seed + 1_000_000) : undefined
  const history = new CompactionHistory(flushMode === 'SYNC_FLUSH' || crashes === 'kill', more)
  let endLife = (): void => {}
  let use: 'compacts' | 'knows no topic' | 'is off' = 'compacts'
  const open = (): MessageStore => {
    const process = mortal(fileSystem)
    endLife = process.end
    const store = openStore(root, {
      platform: { fileSystem: process.fileSystem, clock },
      commitLogSegmentBytes: 16 * 1024,
      consumeQueueSegmentBytes: 20 * 32,
      ...(use !== 'is off' && {
        compaction: {
          recordFileBytes: 4600,
          unitFileBytes: 46 * 20,
          keyBytesMax: random.pick([0, 1024 * 1024]),
          intervalMs: 4000,
        },
      }),
      flushMode,
      queueSyncIntervalMs: 3000,
      openFilesMax: 8,
      retentionRules: () => ({
        reservedMs: use === 'compacts' ? 5000 : Number.MAX_SAFE_INTEGER,
        deleteHours: [],
        cleanRatio: 2,
        forceRatio: 2,
        fullRatio: 2,
        mayForce: false,
      }),
    })
    if (use === 'compacts') store.compact(topic)
    return store
  }
  const opened = (): MessageStore => {
    for (;;) {
      if (random.oneIn(3)) disk.failPowerAt(1 + random.below(40))
      try {
        const store = open()
        disk.failPowerAt(Number.POSITIVE_INFINITY)
        return store
      } catch (error) {
        if (!disk.isDown) throw error
        crash()
      }
    }
  }
  const crash = (): void => {
    endLife()
    if (crashes === 'power' || (crashes === 'both' && random.oneIn(2))) disk.crash(random.below(2 ** 31))
    else disk.kill()
  }

  for (let life = 1; life <= lives; life++) {
    clock = new SteppedClock(clock.now() + (more?.oneIn(4) === true ? -3_600_000 : 1000))
    const isLast = life === lives
    use = switchesOff && !isLast ? random.pick(['compacts', 'compacts', 'knows no topic', 'is off']) : 'compacts'
    const store = opened()
    const problems: string[] = []
    for (const queueId of use === 'compacts' ? queueIds : []) {
      problems.push(...history.check(queueId, await allOf(store, queueId), store.maxOffset(topic, queueId)))
      if (more !== undefined) problems.push(...(await partsAreOfWhole(store, queueId, more)))
    }
    if (problems.length > 0) return problems.map((problem) => `life ${life}: ${problem}`)
    if (isLast) return []
    disk.failPowerAt(1 + random.below(random.pick([100, 600, 2000])))
    let endFull = (): void => {}
    try {
      for (let steps = 0; steps < 300 && !disk.isDown; steps++) {
        endFull = fullAtTimes(faults, more, endFull)
        const choice = random.below(20)
        if (choice < 10) history.put(store, random)
        else if (choice < 12) clock.finishTurn()
        else if (choice < 17) clock.advance(random.pick([2, 4, 100, 600]))
        else if (choice === 17) clock.advance(random.pick([1500, 4000]))
        else if (choice === 18 && use === 'compacts') store.deleteOldFiles()
        else if (random.oneIn(3)) await settle()
        for (let turns = random.below(30); turns > 0; turns--) await Promise.resolve()
      }
      endFull()
      const mayRefuse = more !== undefined
      if (!disk.isDown && store.refusal !== undefined && !mayRefuse) return [`life ${life}: ${store.refusal}`]
      // A store that takes no writes any more shows what it never confirmed.
      if (!disk.isDown && use === 'compacts' && random.oneIn(2) && store.refusal === undefined) {
        clock.finishTurn()
        await settle()
        for (const queueId of queueIds) {
          const found = await allOf(store, queueId)
          problems.push(...history.check(queueId, found, store.maxOffset(topic, queueId)))
          if (more !== undefined) problems.push(...(await partsAreOfWhole(store, queueId, more)))
        }
        if (problems.length > 0 && !disk.isDown) return problems.map((problem) => `life ${life}, running: ${problem}`)
      }
      if (!disk.isDown && random.oneIn(3)) store.close()
    } catch (error) {
      if (!disk.isDown) throw error
    }
    endFull()
    history.died()
    crash()
  }
  return []
}

/** Fills the disk, or empties it, in some steps. @returns what empties it */
function fullAtTimes(faults: FaultyFileSystem, more: SeededRandom | undefined, endFull: () => void): () => void {
  if (more?.oneIn(12) !== true) return endFull
  endFull()
  if (!more.oneIn(3)) return () => {}
  const path = more.pick([/compaction/, /./])
  const full = faults.add({
    label: 'full',
    operation: 'write',
    kind: 'no-space',
    path,
    count: Number.POSITIVE_INFINITY,
  })
  return () => full.remove()
}

/** What is read from any offset on, and of one tag, is of what is read from the first one on. */
async function partsAreOfWhole(store: MessageStore, queueId: number, random: SeededRandom): Promise<string[]> {
  const problems: string[] = []
  const shown = (all: readonly Found[]): string => all.map(({ queueOffset }) => queueOffset).join(' ')
  const whole = await allOf(store, queueId)
  const compare = (what: string, part: readonly Found[], isIn: (one: Found) => boolean): void => {
    const expected = shown(whole.filter(isIn))
    if (shown(part) !== expected) problems.push(`${queueId}: ${what} are ${shown(part)}, and not ${expected}`)
  }
  for (let times = 0; times < 2; times++) {
    const from = random.below(store.maxOffset(topic, queueId) + 1)
    compare(
      `those from ${from} on`,
      await allOf(store, queueId, { queueOffset: from }),
      (one) => one.queueOffset >= from,
    )
    const tag = random.pick(tags)
    const matches = (tagsCode: number) => tagsCode === javaStringHash(tag)
    compare(`those of ${tag}`, await allOf(store, queueId, { matches }), (one) => one.tag === tag)
  }
  return problems
}

/** What a process has of the disk: nothing that it had begun goes on once it is dead. */
function mortal(fileSystem: FileSystem): { fileSystem: FileSystem; end(): void } {
  let isDead = false
  const ofProcess = new Proxy(fileSystem, {
    get(target, name) {
      if (isDead) throw new Error('the process is dead')
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const end = (): void => {
    isDead = true
  }
  return { fileSystem: ofProcess, end }
}

class CompactionHistory {
  readonly #losesNothing: boolean
  readonly #puts = queueIds.map((): Put[] => [])
  #life = 0
  #count = 0

  readonly #more: SeededRandom | undefined

  constructor(losesNothing: boolean, more: SeededRandom | undefined) {
    this.#losesNothing = losesNothing
    this.#more = more
  }

  put(store: MessageStore, random: SeededRandom): void {
    const queueId = random.pick(queueIds)
    const more = this.#more
    const keyCount = random.pick([3, 30])
    const puts = Array.from({ length: more?.pick([1, 1, 3]) ?? 1 }, (): Put => {
      const key = `k${random.below(more?.oneIn(3) === true ? 300 : keyCount)}`
      const body = random.oneIn(8) ? '' : `${this.#count++} ${'b'.repeat(random.below(400))}`
      return { key, body, note: 'n'.repeat(random.below(60)), tag: more?.pick(tags) }
    })
    this.#puts[queueId]!.push(...puts)
    const life = this.#life
    const messages = puts.map(({ key, body, note, tag }) => {
      const encoded = properties({ KEYS: key, note, ...(tag === undefined ? {} : { TAGS: tag }) })
      return message({ topic, queueId, body: Buffer.from(body), properties: encoded })
    })
    store.put(messages, (outcome) => {
      if (life !== this.#life || outcome.kind !== 'stored') return
      for (const [index, put] of puts.entries()) put.queueOffset = outcome.places[index]!.queueOffset
    })
  }

  died(): void {
    this.#life++
  }

  check(queueId: number, found: readonly Found[], maxOffset: number): string[] {
    const problems: string[] = []
    this.#puts[queueId] = this.#puts[queueId]!.filter((put) => {
      if (put.queueOffset === undefined || put.queueOffset < maxOffset) return true
      if (this.#losesNothing) problems.push(`${describe(queueId, put)} is lost: the queue ends at ${maxOffset}`)
      return false
    })
    const puts = this.#puts[queueId]!
    let last = -1
    for (const one of found) {
      if (one.queueOffset <= last) problems.push(`offset ${one.queueOffset} comes after ${last}`)
      last = one.queueOffset
      const known = puts.find(({ queueOffset }) => queueOffset === one.queueOffset)
      if (known !== undefined) {
        if (!isSame(known, one)) {
          problems.push(`${describe(queueId, one)} stands where ${describe(queueId, known)} was put`)
        }
        continue
      }
      const survivor = puts.find((put) => put.queueOffset === undefined && isSame(put, one))
      if (survivor === undefined) problems.push(`${describe(queueId, one)} was never put`)
      else survivor.queueOffset = one.queueOffset
    }
    const latest = new Map<string, Put>()
    for (const put of puts) {
      if (put.queueOffset === undefined) continue
      if (put.queueOffset > (latest.get(put.key)?.queueOffset ?? -1)) latest.set(put.key, put)
    }
    const seen = new Map(found.map((one) => [one.key, one]))
    for (const [key, put] of latest) {
      const one = seen.get(key)
      if (one?.queueOffset === put.queueOffset || (one === undefined && put.body === '')) continue
      problems.push(`${describe(queueId, put)} is the last of its key, and ${one && describe(queueId, one)} was found`)
    }
    return problems
  }
}

function isSame(put: Put, { key, body, note, tag }: Found): boolean {
  return put.key === key && put.body === body && put.note === (note ?? '') && put.tag === tag
}

function describe(queueId: number, { key, body, queueOffset }: Partial<Found>): string {
  return `${queueId}/${queueOffset} ${key} "${body?.slice(0, 8)}"`
}
