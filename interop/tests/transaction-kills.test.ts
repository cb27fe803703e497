import { beforeAll, describe, expect, it } from 'vitest'
import { announcedSeed, SeededRandom } from '../crash/seeded-random.ts'
import {
  acknowledgedOfLifeMin,
  killUnderTransactions,
  type TransactionKillsReport,
} from '../crash/transaction-kills.ts'

/** `INTEROP_CRASH_KILLS=30` is the full run. */
const kills = Number(process.env.INTEROP_CRASH_KILLS ?? 6)

describe(`a broker that was killed ${kills} times with transactions in flight`, () => {
  let report: TransactionKillsReport
  beforeAll(
    async () => {
      const random = new SeededRandom(announcedSeed('INTEROP_CRASH_SEED'))
      report = await killUnderTransactions('transaction-kills', random, kills)
      console.info(`${report.kills} kills, ${report.acknowledgedCount} transactions`)
    },
    900_000 + kills * 15_000,
  )

  it('took transactions', () => {
    expect(report.acknowledgedCount).toBeGreaterThan(kills * acknowledgedOfLifeMin)
  })

  it('delivers what was committed once, loses none, and shows nothing that was rolled back', () => {
    expect(report.wrong, report.logTail).toEqual([])
  })
})
