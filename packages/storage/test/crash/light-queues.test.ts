import { CrashableFileSystem, SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import type { MessageStore } from '../../src/index.ts'
import { lightOffsetsOf, recordsIn } from '../light/light-kit.ts'
import { settle } from '../settle.ts'
import { message, openStore, properties } from '../store-kit.ts'

const firstSeed = Number(process.env.CRASH_SEED ?? 1)
const seedCount = Number(process.env.CRASH_COUNT ?? 35)
const livesPerRun = 5
const names = Array.from({ length: 9 }, (_, index) => `%LMQ%${index}`)
const reservedMs = 60_000

/**
 * Lives of a store with light queues, each of which ends at a random change of the disk. Light queues must agree with the
 * messages of the one topic: each message stands where it says, and nothing else stands there.
 */
async function lightRun(seed: number, crash: 'power' | 'kill' | 'both'): Promise<string[]> {
  const random = new SeededRandom(seed)
  let clock = new SteppedClock()
  const disk = new CrashableFileSystem(() => clock.now())
  let count = 0
  /** In a part of the runs queues are removed: what was there before may be there again after a crash. */
  const removes = random.oneIn(3)
  /** Whether they are in slots: always, never, or now so, now so. */
  const consumeQueueSegmentBytes = 20 * random.pick([8, 8, 60])
  const slots = random.pick(['always', 'always', 'never', 'changing'] as const)
  const removed = new Set<string>()
  const open = (): MessageStore =>
    openStore('/data/store', {
      platform: { fileSystem: disk, clock },
      commitLogSegmentBytes: 16 * 1024,
      consumeQueueSegmentBytes,
      hasLightQueues: true,
      hasLightSlots: slots === 'always' || (slots === 'changing' && random.oneIn(2)),
      openLightQueuesMax: random.pick([1, 3, 100]),
      flushMode: 'ASYNC_FLUSH',
      queueSyncIntervalMs: 5000,
      openFilesMax: 6,
      retentionRules: () => ({
        reservedMs,
        deleteHours: [],
        cleanRatio: 2,
        forceRatio: 2,
        fullRatio: 2,
        mayForce: false,
      }),
    })
  const end = (): void => {
    disk.operationCount = 0
    if (crash === 'power' || (crash === 'both' && random.oneIn(2))) disk.crash(random.below(2 ** 31))
    else disk.kill()
    clock = new SteppedClock(clock.now() + 1000)
  }
  const step = async (store: MessageStore): Promise<void> => {
    try {
      const choice = random.below(30)
      if (choice < 20) {
        const picked = names.filter(() => random.oneIn(4))
        const body = Buffer.alloc(random.pick([10, 100, 900]), `${count++} `)
        const text = properties(picked.length === 0 ? {} : { INNER_MULTI_DISPATCH: picked.join(',') })
        store.put([message({ body, properties: text })], () => {})
      } else if (choice < 24) clock.finishTurn()
      else if (choice < 28) clock.advance(random.pick([1, 600, 1500, 6000]))
      else if (choice === 28) clock.advance(40_000)
      else if (removes && random.oneIn(8)) {
        const name = random.pick(names)
        removed.add(name)
        store.removeTopic(name)
      }
      for (let turns = random.below(12); turns > 0; turns--) await Promise.resolve()
    } catch (error) {
      if (!disk.isDown) throw error
    }
  }
  for (let life = 1; life <= livesPerRun; life++) {
    let store: MessageStore | undefined
    while (store === undefined) {
      if (random.oneIn(3)) disk.failPowerAt(1 + random.below(20))
      try {
        store = open()
        disk.failPowerAt(Number.POSITIVE_INFINITY)
      } catch (error) {
        if (!disk.isDown) throw error
        end()
      }
    }
    const problems = await disagreements(store, removed)
    if (problems.length > 0) return problems.map((problem) => `life ${life}: ${problem}`)
    disk.failPowerAt(1 + random.below(random.pick([20, 120, 500])))
    for (let steps = 0; steps < 300 && !disk.isDown; steps++) await step(store)
    if (!disk.isDown && random.oneIn(2)) {
      try {
        clock.finishTurn()
        await settle()
        const found = disk.isDown ? [] : await disagreements(store, removed)
        if (found.length > 0) return found.map((problem) => `life ${life}, running: ${problem}`)
      } catch (error) {
        if (!disk.isDown) throw error
      }
    }
    if (!disk.isDown && random.oneIn(3)) {
      try {
        store.close()
      } catch (error) {
        if (!disk.isDown) throw error
      }
    }
    end()
  }
  return []
}

/**
 * What is in light queues and should not be, or is not and should be.
 * @param removed names of those of which something may be missing
 */
async function disagreements(store: MessageStore, removed: ReadonlySet<string>): Promise<string[]> {
  const problems: string[] = []
  const ofTopic = await recordsIn(store, 'T1')
  for (const name of names) {
    const expected = new Map<number, string>()
    for (const { body, properties: text } of ofTopic) {
      const offset = lightOffsetsOf(text).get(name)
      // Of several at one offset, the queue was removed between them: the last one counts.
      if (offset !== undefined) expected.set(offset, body.toString())
    }
    // Asked first: of a queue that is closed, the end is told without its files.
    const maxOffset = store.maxOffset(name, 0)
    const minOffset = store.minOffset(name, 0)
    let lastOffset = -1
    const found = new Set<number>()
    for (const { body, properties: text } of await recordsIn(store, name)) {
      const offset = lightOffsetsOf(text).get(name)
      if (offset === undefined) problems.push(`${name} has ${body} that does not name it`)
      else if (offset <= lastOffset) problems.push(`${name} has ${offset} behind ${lastOffset}`)
      else if (expected.get(offset) !== body.toString()) problems.push(`${name} has another message at ${offset}`)
      lastOffset = offset ?? lastOffset
      found.add(lastOffset)
    }
    if (lastOffset >= maxOffset) problems.push(`${name} ends at ${maxOffset}, and has a message at ${lastOffset}`)
    if (minOffset > maxOffset) problems.push(`${name} begins at ${minOffset} and ends at ${maxOffset}`)
    if (removed.has(name)) continue
    const missing = [...expected.keys()].filter((offset) => !found.has(offset))
    if (missing.length > 0) problems.push(`${name} lacks ${missing}, and ends at ${maxOffset}`)
  }
  return problems
}

describe('light queues agree with the messages of their topic', () => {
  test.each(['power', 'kill', 'both'] as const)(
    'after each end by %s',
    { timeout: 300_000 + seedCount * 1000 },
    async (crash) => {
      for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
        const again = `CRASH_SEED=${seed} CRASH_COUNT=1 npx vitest run packages/storage/test/crash/light-queues -t ${crash}`
        const problems = await lightRun(seed, crash).catch((error: Error) => [error.stack ?? error.message])
        expect(problems, `seed ${seed} found something; again: ${again}`).toEqual([])
      }
    },
  )
})
