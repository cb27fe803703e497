import { describeViolations, type Rule } from '@rocketmq-ts/dev-env/checkers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type CrashReport, runCrashes } from '../crash/crash-run.ts'
import { announcedSeed, SeededRandom } from '../crash/seeded-random.ts'

/** `INTEROP_CRASH_KILLS=50` is the full run. `INTEROP_CRASH_SEED` repeats the choices of a run. */
const kills = Number(process.env.INTEROP_CRASH_KILLS ?? 8)

describe(`a broker that was killed ${kills} times under load`, () => {
  let report: CrashReport
  beforeAll(
    async () => {
      const random = new SeededRandom(announcedSeed('INTEROP_CRASH_SEED'))
      report = await runCrashes({ label: 'crash-kills', random, kills })
      const { sends, commits, sendBacks, seen } = report.history
      console.info(
        `${report.kills} kills, ${report.killsWhileStarting} more while starting, ${report.stops} stops: ` +
          `${sends.length} messages, ${commits.length} commits, ${sendBacks.length} send-backs, ${seen.length} consumed`,
      )
    },
    900_000 + kills * 15_000,
  )

  const holds = (...rules: Rule[]): void => {
    const broken = report.violations.filter(({ rule }) => rules.includes(rule))
    expect(broken.length, `${describeViolations(broken)}\n${report.logTail}`).toBe(0)
  }

  it('was killed as often as was asked, while it took messages', () => {
    const acknowledged = report.history.sends.filter(({ outcome }) => outcome.kind === 'acknowledged')
    expect(acknowledged.length).toBeGreaterThan(kills * 20)
    expect(report.kills, describeViolations(report.violations)).toBe(kills)
  })

  it('has every acknowledged message at the place that was acknowledged', () => {
    holds('acknowledged message lost', 'acknowledged place holds another message', 'message changed', 'gap in a queue')
  })

  it('has no message that was not sent, and none twice', () => {
    holds('message invented', 'message stored twice')
  })

  it('gave no queue offset to two messages', () => {
    holds('queue offset used twice')
  })

  it('has the messages of a queue in the order in which they were sent', () => {
    holds('messages reordered')
  })

  it('has offsets that were committed, at most one flush interval old', () => {
    holds('committed offset ahead', 'committed offset behind')
  })

  it('delivered delayed messages and retries, none before its time', () => {
    holds('delayed message not delivered', 'delayed message early', 'retry not delivered')
  })

  it('finds messages by their keys and offsets by their times', () => {
    holds('key does not find its message', 'offset by time wrong')
  })

  it('has every topic whose creation was acknowledged', () => {
    holds('acknowledged topic lost')
  })
})
