import { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { scheduleTopic } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHistory } from '../../src/checkers/checker.ts'
import type { History, Observation, ObservedQueue, ObservedRecord, Outcome, Place } from '../../src/checkers/history.ts'
import { describeViolations, type Rule } from '../../src/checkers/violation.ts'
import { type ModelOutcome, modelLimits, validHistory } from './valid-history.ts'

type Acknowledged = Extract<Outcome<Place>, { kind: 'acknowledged' }>

const outcomes = fc.record({ seed: fc.integer(), operations: fc.integer({ min: 30, max: 120 }) })

function check({ history, observation }: ModelOutcome): Rule[] {
  return checkHistory(history, observation, modelLimits).map(({ rule }) => rule)
}

/** Every history that a bug leaves behind must be told from one without it. */
function finds(rule: Rule, plant: (outcome: ModelOutcome, random: SeededRandom) => ModelOutcome | undefined): void {
  let planted = 0
  fc.assert(
    fc.property(outcomes, ({ seed, operations }) => {
      const random = new SeededRandom(seed)
      const faulty = plant(validHistory(random, operations), random)
      if (faulty === undefined) return
      planted++
      expect(check(faulty)).toContain(rule)
    }),
    { numRuns: 50 },
  )
  expect(planted, 'histories into which the bug could be planted').toBeGreaterThan(10)
}

/** A plain queue with so many records or more, with its records to be changed. */
function changeQueue(
  { history, observation }: ModelOutcome,
  least: number,
  change: (records: ObservedRecord[], history: History) => ObservedRecord[] | undefined,
  isWanted = (queue: ObservedQueue): boolean => queue.topic === 'one' || queue.topic === 'two',
): ModelOutcome | undefined {
  const queue = observation.queues.find((each) => isWanted(each) && each.records.length >= least)
  if (queue === undefined) return undefined
  const records = change([...queue.records], history)
  if (records === undefined) return undefined
  const changed = { ...queue, records, maxOffset: records.at(-1)!.queueOffset + 1 }
  return withQueues({ history, observation }, (each) => (each === queue ? changed : each))
}

function withQueues(outcome: ModelOutcome, change: (queue: ObservedQueue) => ObservedQueue): ModelOutcome {
  const observation: Observation = { ...outcome.observation, queues: outcome.observation.queues.map(change) }
  return { history: outcome.history, observation }
}

function acknowledgedIn(records: readonly ObservedRecord[], history: History): { index: number; ack: Acknowledged }[] {
  return records.flatMap((record, index) => {
    const send = history.sends.find(({ id, delayLevel }) => id === record.id && delayLevel === 0)
    return send?.outcome.kind === 'acknowledged' ? [{ index, ack: send.outcome }] : []
  })
}

/** Offsets and log positions made gapless again, as a broker that lost a record without noticing would. */
function renumbered(records: readonly ObservedRecord[]): ObservedRecord[] {
  return records.map((record, queueOffset) => ({ ...record, queueOffset, physicalOffset: queueOffset * 100 }))
}

describe('the checker', () => {
  it('finds nothing wrong with what a broker without bugs leaves behind', () => {
    fc.assert(
      fc.property(outcomes, ({ seed, operations }) => {
        const { history, observation } = validHistory(new SeededRandom(seed), operations)
        expect(describeViolations(checkHistory(history, observation, modelLimits))).toBe('')
      }),
      { numRuns: 200 },
    )
  })

  it('finds an acknowledged message that is gone', () => {
    finds('acknowledged message lost', (outcome, random) =>
      changeQueue(outcome, 3, (records, history) => {
        const candidates = acknowledgedIn(records, history)
        if (candidates.length === 0) return undefined
        records.splice(random.pick(candidates).index, 1)
        return renumbered(records)
      }),
    )
  })

  it('finds a queue that is gone', () => {
    finds('acknowledged message lost', ({ history, observation }) => ({
      history,
      observation: { ...observation, queues: observation.queues.filter(({ topic }) => topic !== 'one') },
    }))
  })

  it('finds a message at another place than was acknowledged', () => {
    finds('acknowledged place holds another message', (outcome) =>
      changeQueue(outcome, 3, (records, history) => {
        const candidates = acknowledgedIn(records, history)
        if (candidates.length < 2) return undefined
        const [one, other] = [candidates[0]!.index, candidates[1]!.index]
        const moved = records[one]!
        records[one] = records[other]!
        records[other] = moved
        return renumbered(records)
      }),
    )
  })

  it('finds a message with another message id than was acknowledged', () => {
    finds('acknowledged place holds another message', (outcome) =>
      changeQueue(outcome, 1, (records, history) => {
        const [first] = acknowledgedIn(records, history)
        if (first === undefined) return undefined
        records[first.index] = { ...records[first.index]!, messageId: 'another' }
        return records
      }),
    )
  })

  it('finds a body that is not the one that was sent', () => {
    finds('message changed', (outcome) =>
      changeQueue(outcome, 1, (records) => {
        records[0] = { ...records[0]!, bodyCrc: records[0]!.bodyCrc + 1 }
        return records
      }),
    )
  })

  it('finds a message that nobody sent', () => {
    finds('message invented', (outcome) =>
      changeQueue(outcome, 1, (records) => {
        const last = records.at(-1)!
        const { queueOffset, physicalOffset } = last
        return [...records, { ...last, id: 'nobody', queueOffset: queueOffset + 1, physicalOffset: physicalOffset + 1 }]
      }),
    )
  })

  it('finds a message that was refused and is stored all the same', () => {
    finds('message invented', (outcome) =>
      changeQueue(outcome, 1, (records, history) => {
        const send = history.sends.find(({ id, delayLevel }) => id === records[0]!.id && delayLevel === 0)
        if (send === undefined) return undefined
        send.outcome = { kind: 'refused', code: 2, remark: 'busy' }
        return records
      }),
    )
  })

  it('finds a message that is stored twice', () => {
    finds('message stored twice', (outcome) =>
      changeQueue(outcome, 1, (records, history) => {
        const plain = records.find(({ id }) => history.sends.some((send) => send.id === id && send.delayLevel === 0))
        if (plain === undefined) return undefined
        return renumbered([...records, plain])
      }),
    )
  })

  it('finds two acknowledgements for one place', () => {
    finds('queue offset used twice', (outcome) =>
      changeQueue(outcome, 2, (records, history) => {
        const candidates = acknowledgedIn(records, history)
        if (candidates.length < 2) return undefined
        const send = history.sends.find(({ id }) => id === records[candidates[1]!.index]!.id)!
        send.outcome = { ...candidates[1]!.ack, queueOffset: candidates[0]!.ack.queueOffset }
        return records
      }),
    )
  })

  it('finds a place that held another message when a consumer read it', () => {
    finds('queue offset used twice', (outcome) => {
      const seen = outcome.history.seen[0]
      if (seen === undefined) return undefined
      outcome.history.seen[0] = { ...seen, id: 'before' }
      return outcome
    })
  })

  it('finds a place at which a consumer read a message and that is gone', () => {
    finds('queue offset used twice', (outcome) =>
      changeQueue(outcome, 2, (records, history) => {
        history.seen.push(records.at(-1)!)
        return records.slice(0, -1)
      }),
    )
  })

  it('finds a gap in the offsets of a queue', () => {
    finds('gap in a queue', (outcome) =>
      changeQueue(outcome, 3, (records) => {
        records.splice(1, 1)
        return records
      }),
    )
  })

  it('finds a queue that is said to be longer than it is', () => {
    finds('gap in a queue', (outcome) => withQueues(outcome, (queue) => ({ ...queue, maxOffset: queue.maxOffset + 1 })))
  })

  it('finds messages that stand in another order than they were sent in', () => {
    finds('messages reordered', (outcome) =>
      changeQueue(outcome, 3, (records, history) => {
        const candidates = acknowledgedIn(records, history)
        if (candidates.length < 2) return undefined
        const [one, other] = [candidates[0]!.index, candidates.at(-1)!.index]
        const first = records[one]!
        records[one] = { ...records[other]!, queueOffset: one, physicalOffset: first.physicalOffset }
        records[other] = { ...first, queueOffset: other, physicalOffset: records[other]!.physicalOffset }
        return records
      }),
    )
  })

  it('finds log positions that go back', () => {
    finds('messages reordered', (outcome) =>
      changeQueue(outcome, 2, (records) => {
        records[1] = { ...records[1]!, physicalOffset: records[0]!.physicalOffset - 1 }
        return records
      }),
    )
  })

  it('finds a committed offset that nobody committed', () => {
    finds('committed offset ahead', ({ history, observation }) => {
      const run = history.runs.at(-1)!
      const [first, ...others] = run.offsetsAfter
      history.runs[history.runs.length - 1] = { ...run, offsetsAfter: [{ ...first!, offset: 100_000 }, ...others] }
      return { history, observation }
    })
  })

  it('finds a committed offset that is older than a flush interval allows', () => {
    finds('committed offset behind', ({ history, observation }) => {
      const index = history.runs.findIndex((run) => run.offsetsAfter.some(({ offset }) => (offset ?? 0) > 0))
      if (index < 0) return undefined
      const run = history.runs[index]!
      const acknowledged = (key: string): boolean =>
        history.commits.some(
          (commit) =>
            commit.run === run.number &&
            `${commit.topic}/${commit.queueId}` === key &&
            commit.offset > 0 &&
            commit.outcome.kind === 'acknowledged',
        )
      const lost = run.offsetsAfter.find(
        ({ topic, queueId, offset }) => (offset ?? 0) > 0 && acknowledged(`${topic}/${queueId}`),
      )
      if (lost === undefined) return undefined
      const offsetsAfter = run.offsetsAfter.map((each) => (each === lost ? { ...each, offset: undefined } : each))
      history.runs[index] = { ...run, offsetsAfter }
      return { history, observation }
    })
  })

  it('takes a committed offset that was lost within a flush interval of a kill, and none after a stop', () => {
    const commitAt = (atMs: number, offset: number) => ({
      group: 'g',
      topic: 'one',
      queueId: 0,
      offset,
      run: 1,
      outcome: { kind: 'acknowledged', seq: offset, atMs } as const,
    })
    const after = (ending: 'killed' | 'stopped', offset: number): Rule[] => {
      const history: History = {
        sends: [],
        sendBacks: [],
        topicCreations: [],
        seen: [],
        commits: [commitAt(100, 5), commitAt(980, 7)],
        runs: [
          { number: 1, ending, endedAtMs: 1000, offsetsAfter: [{ group: 'g', topic: 'one', queueId: 0, offset }] },
        ],
      }
      return check({ history, observation: { queues: [], keyQueries: [], timeQueries: [], topics: new Map() } })
    }
    expect([after('killed', 5), after('killed', 7), after('stopped', 7)]).toEqual([[], [], []])
    expect([after('stopped', 5), after('killed', 4), after('killed', 8)]).toEqual([
      ['committed offset behind'],
      ['committed offset behind'],
      ['committed offset ahead'],
    ])
  })

  it('finds a delayed message that was never delivered', () => {
    finds('delayed message not delivered', ({ history, observation }) => {
      const send = history.sends.find(({ outcome, delayLevel }) => outcome.kind === 'acknowledged' && delayLevel > 0)
      if (send === undefined) return undefined
      return withQueues({ history, observation }, (queue) =>
        queue.topic === send.topic ? { ...queue, records: queue.records.filter(({ id }) => id !== send.id) } : queue,
      )
    })
  })

  it('finds a delayed message that was delivered before its time', () => {
    finds('delayed message early', ({ history, observation }) => {
      const send = history.sends.find(({ outcome, delayLevel }) => outcome.kind === 'acknowledged' && delayLevel > 0)
      if (send === undefined) return undefined
      return withQueues({ history, observation }, (queue) => ({
        ...queue,
        records: queue.records.map((record) =>
          record.id === send.id && record.topic !== scheduleTopic
            ? { ...record, storeTimestamp: send.sentAtMs + 500 }
            : record,
        ),
      }))
    })
  })

  it('finds a retry that was never delivered', () => {
    finds('retry not delivered', (outcome) => {
      if (!outcome.history.sendBacks.some(({ outcome: { kind } }) => kind === 'acknowledged')) return undefined
      return withQueues(outcome, (queue) =>
        queue.topic.startsWith('%RETRY%') ? { ...queue, records: [], maxOffset: 0 } : queue,
      )
    })
  })

  it('finds a key that does not lead to its message', () => {
    finds('key does not find its message', ({ history, observation }) => {
      const [first, ...others] = observation.keyQueries
      if (first === undefined) return undefined
      return { history, observation: { ...observation, keyQueries: [{ ...first, foundIds: [] }, ...others] } }
    })
  })

  it('finds an offset that does not belong to its time', () => {
    finds('offset by time wrong', ({ history, observation }) => {
      const [first, ...others] = observation.timeQueries
      if (first === undefined) return undefined
      const timeQueries = [{ ...first, offset: first.offset + 1 }, ...others]
      return { history, observation: { ...observation, timeQueries } }
    })
  })

  it('finds a topic that is gone although its creation was acknowledged', () => {
    finds('acknowledged topic lost', ({ history, observation }) => ({
      history,
      observation: { ...observation, topics: new Map() },
    }))
  })
})
