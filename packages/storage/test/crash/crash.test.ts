import { describe, expect, test } from 'vitest'
import { type CrashRunOptions, crashRun } from './crash-run.ts'

/** CRASH_SEED and CRASH_COUNT choose the seeds; without them a few are run. */
const firstSeed = Number(process.env.CRASH_SEED ?? 1)
const seedCount = Number(process.env.CRASH_COUNT ?? 35)

async function expectNoFinding(title: string, options: Omit<CrashRunOptions, 'seed'>): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const again = `CRASH_SEED=${seed} CRASH_COUNT=1 npx vitest run packages/storage/test/crash -t '${title}'`
    const problems = await crashRun({ ...options, seed }).catch((error: Error) => [error.stack ?? error.message])
    expect(problems, `seed ${seed} found something; again: ${again}`).toEqual([])
  }
}

describe('a store', () => {
  const cases: [string, Omit<CrashRunOptions, 'seed'>][] = [
    ['loses nothing confirmed when the power fails, with SYNC_FLUSH', { flushMode: 'SYNC_FLUSH', crashes: 'power' }],
    [
      'keeps a prefix of the log when the power fails, with ASYNC_FLUSH',
      { flushMode: 'ASYNC_FLUSH', crashes: 'power' },
    ],
    ['loses nothing confirmed when the process dies, with SYNC_FLUSH', { flushMode: 'SYNC_FLUSH', crashes: 'kill' }],
    ['loses nothing confirmed when the process dies, with ASYNC_FLUSH', { flushMode: 'ASYNC_FLUSH', crashes: 'kill' }],
    ['survives deaths and power failures in turn, with SYNC_FLUSH', { flushMode: 'SYNC_FLUSH', crashes: 'both' }],
    ['survives deaths and power failures in turn, with ASYNC_FLUSH', { flushMode: 'ASYNC_FLUSH', crashes: 'both' }],
  ]
  for (const [title, options] of cases) {
    test(title, { timeout: 300_000 + seedCount * 1000 }, () => expectNoFinding(title, options))
  }
})
