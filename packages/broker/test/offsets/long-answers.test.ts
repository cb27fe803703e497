import { setImmediate as loopTurn } from 'node:timers/promises'
import { silentLog } from '@rocketmq-ts/platform'
import { consumeStatsBody, consumeStatsListBody, newTopicConfig, topicListBody } from '@rocketmq-ts/protocol'
import type { Call } from '@rocketmq-ts/remoting'
import { describe, expect, test } from 'vitest'
import { LoopShare, Walks } from '../../src/loop-share.ts'
import { cloneGroupOffset } from '../../src/offsets/handlers/clone-group-offset.ts'
import { getBrokerConsumeStats } from '../../src/offsets/handlers/get-broker-consume-stats.ts'
import { getConsumeStats } from '../../src/offsets/handlers/get-consume-stats.ts'
import { queryTopicsByConsumer } from '../../src/offsets/handlers/query-topics-by-consumer.ts'

const topics = Array.from({ length: 1000 }, (_, index) => `%LMQ%${index}`)

/** A group with offsets in very many light queues. A look into one takes a millisecond, of which answers have five in a turn. */
function open() {
  let nowMs = 0
  const turns: (() => void)[] = []
  const clock = { monotonic: () => nowMs, nextTurn: (callback: () => void) => void turns.push(callback) }
  let looks = 0
  const look = <Value>(value: Value): Value => {
    nowMs++
    looks++
    return value
  }
  const copied: string[] = []
  const parts = {
    log: silentLog,
    walks: new Walks(new LoopShare(clock, 5)),
    brokerName: 'b',
    brokerAddress: 'b:1',
    topics: { get: (topic: string) => newTopicConfig(topic, { readQueueNums: 1 }) },
    groups: { list: () => new Map([['g', {} as never]]) },
    consumers: { subscriptionsOf: () => undefined },
    mappings: { get: () => undefined },
    offsets: {
      *topicsOf() {
        for (const topic of topics) yield look(topic)
      },
      offset: () => 1,
      pullOffset: () => undefined,
      copy: (_from: string, _to: string, topic: string) => void copied.push(topic),
      written: async () => {},
    },
    store: { minOffset: () => 0, maxOffset: () => 3, storeTimestamp: () => 1, offsetByTime: () => 0 },
    groupGetTps: () => 0,
  }
  /** @returns the answer, and the most looks that were made in a turn */
  const ask = async (handle: (header: never, call: Call<never>) => unknown, header: object) => {
    const call = { connection: { remoteAddress: 'x' } } as unknown as Call<never>
    let body: Buffer | undefined
    const over = Promise.resolve(handle(header as never, call)).then((reply) => {
      body = Buffer.concat((reply as { body?: readonly Buffer[] }).body ?? [])
    })
    let most = 0
    for (let before = 0; body === undefined; before = looks) {
      await loopTurn()
      most = Math.max(most, looks - before)
      for (const callback of turns.splice(0)) callback()
    }
    await over
    return { body, most }
  }
  return { parts, ask, copied }
}

describe('of very many light queues a part is looked at in each turn', () => {
  test('for the progress of a group', async () => {
    const { parts, ask } = open()
    const { body, most } = await ask(getConsumeStats(parts), { consumerGroup: 'g' })
    const { offsetTable } = consumeStatsBody.decode(body)
    expect(offsetTable.map(([{ topic }]) => topic)).toEqual(topics)
    expect(offsetTable[7]![1]).toEqual({ brokerOffset: 3, consumerOffset: 1, pullOffset: 1, lastTimestamp: 1 })
    expect(most).toBeLessThan(20)
  })

  test('for the progress of all groups', async () => {
    const { parts, ask } = open()
    const { body, most } = await ask(getBrokerConsumeStats(parts), { isOrder: false })
    const { consumeStatsList, totalDiff } = consumeStatsListBody.decode(body)
    expect(consumeStatsList[0]!.get('g')).toHaveLength(topics.length)
    expect(totalDiff).toBe(2 * topics.length)
    expect(most).toBeLessThan(20)
  })

  test('for the topics of a group', async () => {
    const { parts, ask } = open()
    const { body, most } = await ask(queryTopicsByConsumer(parts), { group: 'g' })
    expect(topicListBody.decode(body)).toEqual({ topicList: topics, brokerAddr: 'b:1' })
    expect(most).toBeLessThan(20)
  })

  test('when a group is given the offsets of another one', async () => {
    const { parts, ask, copied } = open()
    const { most } = await ask(cloneGroupOffset(parts), { srcGroup: 'g', destGroup: 'h' })
    expect(copied).toEqual(topics)
    expect(most).toBeLessThan(20)
  })
})
