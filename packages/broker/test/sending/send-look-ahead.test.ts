import { NameTable } from '@rocketmq-ts/base'
import { newTopicConfig } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { type LikelyTopics, SendLookAhead } from '../../src/sending/send-look-ahead.ts'
import { type SendableTopic, sendableTopic } from '../../src/topics/index.ts'

const names = Array.from({ length: 300 }, (_, index) => `T${index}`)

function topicsOf(topicNames: readonly string[]): LikelyTopics {
  const table = new NameTable<SendableTopic>(({ topic }) => topic)
  for (const name of topicNames) table.set(sendableTopic(newTopicConfig(name)))
  return { sendableCount: table.size, likelySendable: (topic) => table.likely(topic) }
}

const headers = [...names, 'not there', ''].flatMap((topic) => [0, -1, 70_000].map((queueId) => ({ topic, queueId })))

test('reads the settings of many topics, whatever messages ask for', () => {
  const lookAhead = new SendLookAhead(topicsOf(names))
  lookAhead.read(headers)
  const first = lookAhead.checksum
  expect(first).toBeGreaterThan(0)
  lookAhead.read(headers.slice(0, 10))
  expect(lookAhead.checksum).toBeLessThan(first)
})

test('with few topics nothing is read ahead', () => {
  const lookAhead = new SendLookAhead(topicsOf(names.slice(0, 255)))
  lookAhead.read(headers)
  expect(lookAhead.checksum).toBe(0)
})
