import { describeViolations, type Rule } from '@rocketmq-ts/dev-env/checkers'
import { describe, expect, it } from 'vitest'
import { runCrashes } from '../crash/crash-run.ts'
import type { Fault } from '../crash/faulty-proxy.ts'
import { announcedSeed, SeededRandom } from '../crash/seeded-random.ts'

const planted: { fault: Fault; rule: Rule }[] = [
  { fault: 'loses sends', rule: 'acknowledged message lost' },
  { fault: 'reorders sends', rule: 'acknowledged place holds another message' },
  { fault: 'repeats sends', rule: 'message stored twice' },
  { fault: 'loses commits', rule: 'committed offset behind' },
  { fault: 'changes bodies', rule: 'message changed' },
]

describe('a run of crashes', () => {
  it.each(planted)('fails when a broker $fault', async ({ fault, rule }) => {
    const random = new SeededRandom(announcedSeed('INTEROP_CRASH_SEED'))
    // Long enough for what was committed to be older than one flush interval.
    const least = fault === 'loses commits' ? 2500 : 800
    const runMs = { least, most: least + 500 }
    const report = await runCrashes({ label: 'crash-planted', random, kills: 1, fault, runMs })
    expect(report.faultsPlanted, 'how often the fault was planted').toBeGreaterThan(0)
    expect(describeViolations(report.violations)).toContain(rule)
  })
})
