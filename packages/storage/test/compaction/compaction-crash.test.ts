import type { FileSystem } from '@rocketmq-ts/platform'
import { type Fault, FaultyFileSystem } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { type CompactionCrashOptions, compactionCrashRun } from './compaction-crash-run.ts'

/** CRASH_SEED and CRASH_COUNT choose the seeds; without them a few are run. */
const firstSeed = Number(process.env.CRASH_SEED ?? 1)
const seedCount = Number(process.env.CRASH_COUNT ?? 12)

const cases: [string, Omit<CompactionCrashOptions, 'seed'>][] = [
  ['the power fails, with SYNC_FLUSH', { flushMode: 'SYNC_FLUSH', crashes: 'power' }],
  ['the power fails, with ASYNC_FLUSH', { flushMode: 'ASYNC_FLUSH', crashes: 'power' }],
  ['the process dies, with SYNC_FLUSH', { flushMode: 'SYNC_FLUSH', crashes: 'kill' }],
  ['the process dies, with ASYNC_FLUSH', { flushMode: 'ASYNC_FLUSH', crashes: 'kill' }],
  ['both happen in turn, with SYNC_FLUSH', { flushMode: 'SYNC_FLUSH', crashes: 'both' }],
  ['both happen in turn, with ASYNC_FLUSH', { flushMode: 'ASYNC_FLUSH', crashes: 'both' }],
  ['it is none at times, and both happen', { flushMode: 'SYNC_FLUSH', crashes: 'both', switchesOff: true }],
  ['there is more to it, and the power fails', { flushMode: 'SYNC_FLUSH', crashes: 'power', hasMore: true }],
  ['there is more to it, and the process dies', { flushMode: 'ASYNC_FLUSH', crashes: 'kill', hasMore: true }],
]
for (const [ending, options] of cases) {
  const title = `a compaction topic has the last message of each key at its offset, when ${ending}`
  test(title, { timeout: 300_000 + seedCount * 2000 }, async () => {
    for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
      const again = `CRASH_SEED=${seed} CRASH_COUNT=1 npx vitest run packages/storage/test/compaction -t '${ending}'`
      const problems = await compactionCrashRun({ ...options, seed }).catch((error: Error) => [error.stack ?? ''])
      expect(problems, `seed ${seed} found something; again: ${again}`).toEqual([])
    }
  })
}

test('a stop while queues are being synced leaves none of them unsynced', async () => {
  expect(await compactionCrashRun({ seed: 618, flushMode: 'SYNC_FLUSH', crashes: 'power' })).toEqual([])
})

function lying(fault: Omit<Fault, 'label' | 'count' | 'kind'>): (fileSystem: FileSystem) => FileSystem {
  return (fileSystem) => {
    const faulty = new FaultyFileSystem(fileSystem)
    faulty.add({ ...fault, count: Number.POSITIVE_INFINITY, kind: 'lie', label: 'a planted defect' })
    return faulty
  }
}

const power = { flushMode: 'SYNC_FLUSH', crashes: 'power' } as const
const kill = { flushMode: 'ASYNC_FLUSH', crashes: 'kill' } as const
const defects: [string, Omit<CompactionCrashOptions, 'seed'>][] = [
  ['syncs none of its files', { ...power, wrap: lying({ operation: 'sync', path: /compaction(Log|Cq)/ }) }],
  ['syncs none of their names', { ...power, wrap: lying({ operation: 'syncFolder', path: /compaction(Log|Cq)/ }) }],
  ['takes messages for copied that are not', { ...kill, wrap: lying({ operation: 'write', path: /compactionLog/ }) }],
]
test.each(defects)('the checker finds a compaction that %s', async (_, options) => {
  let found = false
  for (let seed = 1; seed <= 60 && !found; seed++) {
    const problems = await compactionCrashRun({ ...options, seed }).catch((error: Error) => [error.message])
    found = problems.length > 0
  }
  expect(found).toBe(true)
})
