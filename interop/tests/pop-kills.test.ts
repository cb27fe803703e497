import { beforeAll, describe, expect, it } from 'vitest'
import { acknowledgedOfLifeMin, killUnderPops, type PopKillsReport } from '../crash/pop-kills.ts'
import { announcedSeed, SeededRandom } from '../crash/seeded-random.ts'

/** `INTEROP_CRASH_KILLS=30` is the full run. */
const kills = Number(process.env.INTEROP_CRASH_KILLS ?? 6)

describe(`a broker that was killed ${kills} times with messages given out`, () => {
  let report: PopKillsReport
  beforeAll(
    async () => {
      const random = new SeededRandom(announcedSeed('INTEROP_CRASH_SEED'))
      report = await killUnderPops('pop-kills', random, kills)
      console.info(`${report.kills} kills, ${report.acknowledgedCount} messages`)
    },
    900_000 + kills * 15_000,
  )

  it('took acknowledgements', () => {
    expect(report.acknowledgedCount).toBeGreaterThan(kills * acknowledgedOfLifeMin)
  })

  it('gives out again what was not acknowledged, and nothing that was', () => {
    expect(report.wrong, report.logTail).toEqual([])
  })
})
