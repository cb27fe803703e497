import { describeViolations, type Rule, type Violation } from '@rocketmq-ts/dev-env/checkers'
import { beforeAll, describe, expect, it } from 'vitest'
import { announcedSeed, SeededRandom } from '../crash/seeded-random.ts'
import { type Ending, type Takeover, travel } from '../disk/journey.ts'
import type { TargetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const journeys: { ending: Ending; ended: string; makers: TargetName[] }[] = [
  { ending: 'stop', ended: 'stopped', makers: ['official', 'ours', 'official', 'ours'] },
  { ending: 'kill', ended: 'killed', makers: ['ours', 'official', 'ours', 'official'] },
]

describe.skipIf(lacksTools('java', 'mvn'))('a store', () => {
  describe.each(journeys)('that is handed on by brokers that are $ended', ({ ending, makers }) => {
    let takeovers: Takeover[] = []
    beforeAll(async () => {
      const random = new SeededRandom(announcedSeed('INTEROP_DISK_SEED'))
      takeovers = await travel(`disk-${ending}`, makers, ending, random)
    })

    describe.each(makers.slice(1).map((to, index) => ({ index, from: makers[index]!, to })))(
      'from $from to $to ($index)',
      ({ index }) => {
        const takeover = (): Takeover => takeovers[index]!
        const same = (differences: readonly string[]): void => {
          expect(differences.slice(0, 10), `${differences.length} differences\n${takeover().logTail}`).toEqual([])
        }
        const none = (violations: readonly Violation[], ...rules: Rule[]): void => {
          const broken = violations.filter(({ rule }) => rules.length === 0 || rules.includes(rule))
          expect(describeViolations(broken), takeover().logTail).toBe('')
        }

        it('had several files of the log and of the index', () => {
          expect(takeover().segments).toBeGreaterThan(1)
          expect(takeover().indexFiles).toBeGreaterThan(1)
        })

        it('shows every message at its offset, byte for byte', () => {
          same(takeover().differences.records)
        })

        it('shows the offsets that consumers committed', () => {
          same(takeover().differences.offsets)
        })

        it('shows the topics with their settings', () => {
          same(takeover().differences.topics)
        })

        it('shows the groups with their settings', () => {
          same(takeover().differences.groups)
        })

        it('finds messages by their keys and unique ids, and offsets by times', () => {
          none(takeover().found, 'key does not find its message', 'offset by time wrong')
        })

        it('has every acknowledged message, and no other', () => {
          none(takeover().found)
        })

        it('delivers what was waiting for its time, and not before it', () => {
          none(takeover().afterLoad, 'delayed message not delivered', 'delayed message early', 'retry not delivered')
        })

        it('goes on: new messages take the next offsets', () => {
          none(takeover().afterLoad)
        })
      },
    )
  })
})
