import {
  itemsProblem,
  leaderItem,
  replacedMapping,
  type TopicConfigAndQueueMapping,
  type TopicRemapping,
} from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkedStaticTopic,
  isUnfinished,
  itemLeft,
  movedLogicOffset,
  newestQueues,
  planOfCompletion,
  planOfMove,
  planOfQueues,
  rivalsOf,
  withOtherBrokers,
} from '../../src/admin/static-topic-plan.ts'
import { RocketMQError } from '../../src/index.ts'

const brokers = ['a', 'b', 'c', 'd']
const someBrokers = fc.subarray(brokers, { minLength: 1 }).map((names) => new Set(names))
const none: ReadonlyMap<string, TopicConfigAndQueueMapping> = new Map()

/** How many queues each broker leads. */
function shares({ topic, brokerConfigMap }: TopicRemapping): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const items of checkedStaticTopic(topic, brokerConfigMap).queues.values()) {
    const { bname } = leaderItem(items)!
    counts[bname!] = (counts[bname!] ?? 0) + 1
  }
  return counts
}

/** What brokers have after a move: the offsets are decided. */
function moved(plan: TopicRemapping, count: number): TopicRemapping {
  const brokerConfigMap = new Map(
    [...plan.brokerConfigMap].map(([broker, config]) => {
      const hostedQueues = new Map(
        [...config.mappingDetail!.hostedQueues].map(([id, items]) => {
          const left = itemLeft(items)
          if (left === undefined) return [id, items]
          return [id, [...items.slice(0, -1), { ...leaderItem(items)!, logicOffset: movedLogicOffset(left, count) }]]
        }),
      )
      return [broker, { ...config, mappingDetail: { ...config.mappingDetail!, hostedQueues } }]
    }),
  )
  return { ...plan, brokerConfigMap }
}

describe('a plan of queues', () => {
  test('gives new ones to brokers that are named or lead some, and to no other one that has the topic', () => {
    const first = planOfQueues('T', 4, new Set(['a', 'b']), none, 5000)
    const everywhere = withOtherBrokers(first, new Set(['a', 'b', 'c', 'd']))
    const second = planOfQueues('T', 7, new Set(['b', 'c']), everywhere.brokerConfigMap, 6000)
    expect(shares(second)).toEqual({ a: 3, b: 2, c: 2 })
  })

  test('spreads them evenly, in an epoch that is later than the one before', () => {
    fc.assert(
      fc.property(
        someBrokers,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        (targets, few, more) => {
          const first = planOfQueues('T', few, targets, none, 5000)
          expect(first.epoch).toBe(5000)
          const second = planOfQueues('T', few + more, targets, first.brokerConfigMap, 5001)
          expect(second.epoch).toBe(6000)
          const counts = Object.values(shares(second))
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(few + more)
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
          // What there was stays as it was.
          for (const [broker, config] of first.brokerConfigMap) {
            const { hostedQueues } = second.brokerConfigMap.get(broker)!.mappingDetail!
            for (const [id, items] of config.mappingDetail!.hostedQueues) expect(hostedQueues.get(id)).toEqual(items)
          }
        },
      ),
    )
  })

  test('is refused where there would be fewer queues, or as many, and for an ordinary topic', () => {
    const { brokerConfigMap } = planOfQueues('T', 2, new Set(['a']), none, 1)
    expect(() => planOfQueues('T', 1, new Set(['a']), brokerConfigMap, 1)).toThrow(RocketMQError)
    expect(() => planOfQueues('T', 2, new Set(['a']), brokerConfigMap, 1)).toThrow(/nothing to do/)
    const { mappingDetail: _, ...ordinary } = brokerConfigMap.get('a')!
    expect(() => planOfQueues('T', 3, new Set(['a']), new Map([['a', ordinary]]), 1)).toThrow(/ordinary topic/)
  })
})

describe('a plan of a move', () => {
  test('spreads the queues evenly over the brokers that it names, and moves no more than it has to', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(someBrokers, { minLength: 1, maxLength: 5 }),
        (count, ways) => {
          let state = planOfQueues('T', count, ways[0]!, none, 1)
          for (const targets of ways) {
            const before = checkedStaticTopic('T', state.brokerConfigMap).queues
            const plan = planOfMove('T', targets, state.brokerConfigMap, 1)
            const counts = [...targets].map((broker) => shares(plan)[broker] ?? 0)
            expect(counts.reduce((sum, each) => sum + each, 0)).toBe(count)
            expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
            expect(plan.brokerToMapIn.filter((broker) => plan.brokerToMapOut.includes(broker))).toEqual([])
            for (const [id, items] of checkedStaticTopic('T', plan.brokerConfigMap).queues) {
              const old = before.get(id)!
              expect(items.slice(0, old.length)).toEqual(old)
              if (items.length > old.length) expect(plan.brokerToMapOut).toContain(leaderItem(old)!.bname)
            }
            state = moved(plan, 100)
          }
        },
      ),
    )
  })

  test('gives brokers that do not have the topic a part without queues', () => {
    const plan = withOtherBrokers(planOfQueues('T', 2, new Set(['a']), none, 1), brokers)
    expect([...plan.brokerConfigMap.keys()]).toEqual(brokers)
    const { readQueueNums, writeQueueNums, mappingDetail } = plan.brokerConfigMap.get('d')!
    expect([readQueueNums, writeQueueNums]).toEqual([0, 0])
    expect(mappingDetail).toMatchObject({ bname: 'd', totalQueues: 2, epoch: plan.epoch, hostedQueues: new Map() })
  })

  test('is refused when brokers contradict each other', () => {
    const { brokerConfigMap } = planOfQueues('T', 2, new Set(['a', 'b']), none, 1)
    const other = brokerConfigMap.get('b')!
    const changed = (changes: object) =>
      new Map([...brokerConfigMap, ['b', { ...other, mappingDetail: { ...other.mappingDetail!, ...changes } }]])
    for (const changes of [
      { epoch: 2 },
      { scope: 'x' },
      { dirty: true },
      { bname: 'c' },
      { totalQueues: 3 },
      { topic: 'U' },
    ]) {
      expect(() => planOfMove('T', new Set(['a']), changed(changes), 1)).toThrow(RocketMQError)
    }
    expect(() => planOfMove('T', new Set(['a']), changed({ hostedQueues: new Map() }), 1)).toThrow(/no broker leads/)
    expect(() =>
      planOfMove('T', new Set(['a']), new Map([...brokerConfigMap, ['b', { ...other, writeQueueNums: 0 }]]), 1),
    ).toThrow(/there is no queue/)
  })
})

describe('a plan of what is left', () => {
  /** What brokers have after some of the steps of a plan. */
  function interrupted(
    before: ReadonlyMap<string, TopicConfigAndQueueMapping>,
    plan: TopicRemapping,
    isMove: boolean,
    stepCount: number,
  ): Map<string, TopicConfigAndQueueMapping> {
    const done = moved(plan, 100).brokerConfigMap
    const all = [...plan.brokerConfigMap.keys()]
    const steps: [broker: string, config: TopicConfigAndQueueMapping][] = isMove
      ? [
          ...[...plan.brokerToMapIn, ...plan.brokerToMapOut].map((broker) => [broker, plan] as const),
          ...plan.brokerToMapIn.map((broker) => [broker, { brokerConfigMap: done }] as const),
          ...all.map((broker) => [broker, { brokerConfigMap: done }] as const),
        ].map(([broker, { brokerConfigMap }]) => [broker, brokerConfigMap.get(broker)!])
      : all.map((broker) => [broker, plan.brokerConfigMap.get(broker)!])
    return new Map([...before, ...steps.slice(0, stepCount)])
  }

  test('makes any topic consistent whose change was interrupted, so that brokers take it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        someBrokers,
        someBrokers,
        fc.boolean(),
        fc.integer({ min: 1, max: 12 }),
        (count, first, second, isMove, stepCount) => {
          const made = withOtherBrokers(planOfQueues('T', count, first, none, 1), brokers).brokerConfigMap
          const plan = isMove ? planOfMove('T', second, made, 2) : planOfQueues('T', count + 3, second, made, 2)
          const state = interrupted(made, plan, isMove, stepCount)
          if (!isUnfinished('T', state)) return
          const completion = planOfCompletion('T', state, 3)
          const { queues, totalQueues } = checkedStaticTopic('T', completion.brokerConfigMap)
          expect(queues.size).toBe(totalQueues)
          const old = checkedStaticTopic('T', made).queues
          for (const [id, items] of queues) {
            const before = old.get(id)
            if (before !== undefined) expect(items.slice(0, before.length)).toEqual(before)
            // Whoever is to be told that a queue goes away is told.
            const left = itemLeft(items)
            if (left !== undefined) expect(completion.brokerToMapOut).toContain(left.bname)
          }
          for (const [broker, { mappingDetail }] of completion.brokerConfigMap) {
            const replaced = replacedMapping(mappingDetail!, state.get(broker)?.mappingDetail, false)
            expect(replaced).toBeTypeOf('object')
          }
          expect(isUnfinished('T', moved(completion, 100).brokerConfigMap)).toBe(false)
        },
      ),
    )
  })
})

describe('a topic that two changed together', () => {
  const made = planOfQueues('T', 1, new Set(['a']), none, 1).brokerConfigMap

  /** Two moves that were planned of the same state, and that nobody kept from each other. */
  function twice(first: string, second: string): Map<string, TopicConfigAndQueueMapping> {
    const plans = [first, second].map((to) => moved(planOfMove('T', new Set([to]), made, 2), 100).brokerConfigMap)
    return new Map([...plans[0]!, ...plans[1]!])
  }

  test('has rivals, which are told, and of which nobody is chosen', () => {
    const state = twice('b', 'c')
    expect(isUnfinished('T', state)).toBe(true)
    const leader = leaderItem(newestQueues('T', state).get(0)!)!.bname
    expect([leader, ...rivalsOf('T', state).get(0)!].sort()).toEqual(['b', 'c'])
    expect(() => planOfCompletion('T', state, 3)).toThrow(/(b and c|c and b) lead its queue 0/)
  })

  test('has none where one leads it alone, and none while it moves', () => {
    const plan = planOfMove('T', new Set(['b']), made, 2)
    for (const state of [made, plan.brokerConfigMap, new Map([...plan.brokerConfigMap, ...made])]) {
      expect(rivalsOf('T', state).size).toBe(0)
    }
  })

  test('gets queues that a broker lacks', () => {
    const two = planOfQueues('T', 4, new Set(['a', 'b']), none, 1).brokerConfigMap
    const state = new Map([...two, ['b', { ...two.get('b')!, writeQueueNums: 1, readQueueNums: 0 }]])
    expect([isUnfinished('T', two), isUnfinished('T', state)]).toEqual([false, true])
    const { brokerConfigMap } = planOfCompletion('T', state, 3)
    expect(brokerConfigMap.get('b')).toMatchObject({ writeQueueNums: 2, readQueueNums: 2 })
  })
})

test('a queue goes on at a multiple of 10,000 with room for what is still on its way', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (logicOffset, maxOffset) => {
      const left = { gen: 0, queueId: 0, bname: 'a', startOffset: 0, endOffset: -1, timeOfStart: -1, timeOfEnd: -1 }
      const next = movedLogicOffset({ ...left, logicOffset }, maxOffset)
      expect(next % 10_000).toBe(0)
      expect(next - (logicOffset + maxOffset)).toBeGreaterThan(5000)
      expect(next - (logicOffset + maxOffset)).toBeLessThanOrEqual(15_000)
      expect(
        itemsProblem([
          { ...left, logicOffset },
          { ...left, gen: 1, logicOffset: next },
        ]),
      ).toBeUndefined()
    }),
  )
})
