import { beforeAll, describe, expect, it } from 'vitest'
import { announcedSeed, SeededRandom } from '../crash/seeded-random.ts'
import {
  acknowledgedOfLifeMin,
  killUnderTimersAndOrder,
  type TimerOrderKillsReport,
} from '../crash/timer-order-kills.ts'

/** `INTEROP_CRASH_KILLS=30` is the full run. */
const kills = Number(process.env.INTEROP_CRASH_KILLS ?? 6)
/** A broker that dies delivers once more what one step had delivered. */
const messagesOfStep = 256

describe(`a broker that was killed ${kills} times with timed messages and an orderly group`, () => {
  let report: TimerOrderKillsReport
  beforeAll(
    async () => {
      const random = new SeededRandom(announcedSeed('INTEROP_CRASH_SEED'))
      report = await killUnderTimersAndOrder('timer-order-kills', random, kills)
      const { timedCount, repeatedCount, orderedCount } = report
      console.info(`${kills} kills, ${timedCount} timed (${repeatedCount} repeated), ${orderedCount} in order`)
    },
    900_000 + kills * 15_000,
  )

  it('took messages of both kinds', () => {
    expect(report.timedCount).toBeGreaterThan(kills * acknowledgedOfLifeMin)
    expect(report.orderedCount).toBeGreaterThan(kills * acknowledgedOfLifeMin)
  })

  it('delivers timed messages at their times and loses none, and lets a group pass by none', () => {
    expect(report.wrong, report.logTail).toEqual([])
  })

  it('delivers no more than one step once more for each kill', () => {
    expect(report.repeatedCount).toBeLessThanOrEqual(kills * messagesOfStep)
  })
})
