import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  BodyInParts,
  type ConsumeStats,
  consumeStatsBody,
  consumeStatsListBody,
  consumeStatsOfGroupBody,
  topicListBody,
} from '../../src/bodies/index.ts'
import { ProtocolError } from '../../src/protocol-error.ts'

const names = fc.uniqueArray(fc.string({ maxLength: 8 }), { maxLength: 250, size: 'max' })
const progress = { brokerOffset: 7, consumerOffset: 5, pullOffset: 6, lastTimestamp: 1_789_000_000_000 }
const statsOf = (topics: readonly string[], consumeTps = 0): ConsumeStats => ({
  consumeTps,
  offsetTable: topics.map((topic) => [{ topic, brokerName: 'b', queueId: 0 }, progress]),
})

test('a list in parts has the bytes of the whole', () => {
  fc.assert(
    fc.property(names, (topicList) => {
      const body = new BodyInParts(topicListBody, 'topicList', (list: string[]) => ({
        topicList: list,
        brokerAddr: 'a:1',
      }))
      for (const topic of topicList) body.add(topic)
      expect(Buffer.concat(body.end())).toEqual(topicListBody.encode({ topicList, brokerAddr: 'a:1' }))
    }),
  )
})

test('a table in parts has the bytes of the whole, with what is known of it at its end', () => {
  fc.assert(
    fc.property(names, fc.double({ noNaN: true, noDefaultInfinity: true }), (topics, consumeTps) => {
      const body = new BodyInParts(consumeStatsBody, 'offsetTable', (offsetTable) => ({ consumeTps: 0, offsetTable }))
      const whole = statsOf(topics, consumeTps)
      for (const entry of whole.offsetTable) body.add(entry)
      expect(Buffer.concat(body.end({ consumeTps, offsetTable: [] }))).toEqual(consumeStatsBody.encode(whole))
    }),
  )
})

test('entries that are in parts themselves stand among others', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ maxLength: 4 }), names), { maxLength: 4 }), (groups) => {
      const all = groups.map(([group, topics]) => new Map([[group, topics.map((topic) => statsOf([topic]))]]))
      const whole = (consumeStatsList: typeof all) => ({ consumeStatsList, totalDiff: 1, totalInflightDiff: 2 })
      const body = new BodyInParts(consumeStatsListBody, 'consumeStatsList', whole)
      for (const [group, topics] of groups) {
        const table = (stats: ConsumeStats[]) => new Map([[group, stats]])
        const inner = new BodyInParts(consumeStatsOfGroupBody, group, table)
        for (const topic of topics) inner.add(statsOf([topic]))
        body.addEncoded(inner.end())
      }
      expect(Buffer.concat(body.end())).toEqual(consumeStatsListBody.encode(whole(all)))
    }),
  )
})

test('what does not fit into a frame is refused as soon as that is known', () => {
  const body = new BodyInParts(topicListBody, 'topicList', (topicList: string[]) => ({ topicList }))
  let count = 0
  const fill = (): void => {
    for (; count < 100_000; count++) body.add(`${count}`.padEnd(1000, '.'))
  }
  expect(fill).toThrow(ProtocolError)
  expect(count).toBeLessThan(17_000)
})
