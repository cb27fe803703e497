import { beforeAll, describe, expect, it } from 'vitest'
import type { Ending } from '../disk/journey.ts'
import { type JourneyCounts, type TransactionTakeover, travelWithTransactions } from '../disk/transaction-journey.ts'
import type { TargetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const journeys: { ending: Ending; ended: string; makers: TargetName[] }[] = [
  { ending: 'stop', ended: 'stopped', makers: ['official', 'ours', 'official', 'ours'] },
  { ending: 'kill', ended: 'killed', makers: ['ours', 'official', 'ours', 'ours'] },
]

describe.skipIf(lacksTools('java', 'mvn'))('a store with open transactions', () => {
  describe.each(journeys)('that is handed on by brokers that are $ended', ({ ending, makers }) => {
    let takeovers: TransactionTakeover[] = []
    let counts: JourneyCounts[] = []
    beforeAll(async () => {
      ;({ takeovers, counts } = await travelWithTransactions(`transactions-${ending}`, makers, ending))
    })

    it.skipIf(ending === 'kill')('has its open transactions counted by each', () => {
      expect(counts.map(({ maker }) => maker)).toEqual(makers)
      for (const { maker, counted, openCount } of counts) expect(counted, `by ${maker}`).toBe(openCount)
    })

    describe.each(makers.slice(1).map((to, index) => ({ index, from: makers[index]!, to })))(
      'from $from to $to ($index)',
      ({ index }) => {
        it('has its open transactions asked about', () => {
          expect(takeovers[index]!.openCount).toBeGreaterThan(10)
          expect(takeovers[index]!.askedCount).toBe(takeovers[index]!.openCount)
        })

        it('has what was committed once, and nothing that was rolled back', () => {
          expect(takeovers[index]!.wrong).toEqual([])
        })
      },
    )
  })
})
