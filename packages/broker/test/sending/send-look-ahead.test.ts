import { NameTable } from '@rocketmq-ts/base'
import { newTopicConfig } from '@rocketmq-ts/protocol'
import type { LikelyHandles } from '@rocketmq-ts/storage'
import { expect, test } from 'vitest'
import { sendLookAhead } from '../../src/sending/send-look-ahead.ts'
import { SendableTopic } from '../../src/topics/index.ts'

const names = Array.from({ length: 300 }, (_, index) => `T${index}`)

function topicsOf(topicNames: readonly string[]): LikelyHandles<SendableTopic> {
  const table = new NameTable<SendableTopic>(({ topic }) => topic)
  for (const name of topicNames) table.set(new SendableTopic(newTopicConfig(name)))
  return { sendableCount: table.size, likelySendable: (topic) => table.likely(topic) }
}

const headers = [...names, 'not there', ''].flatMap((topic) => [0, -1, 70_000].map((queueId) => ({ topic, queueId })))

test('reads the settings of many topics, whatever messages ask for', () => {
  const lookAhead = sendLookAhead(topicsOf(names))
  lookAhead.read(headers)
  const first = lookAhead.checksum
  expect(first).toBeGreaterThan(0)
  lookAhead.read(headers.slice(0, 10))
  expect(lookAhead.checksum).toBeLessThan(first)
})

test('with few topics nothing is read ahead', () => {
  const lookAhead = sendLookAhead(topicsOf(names.slice(0, 255)))
  lookAhead.read(headers)
  expect(lookAhead.checksum).toBe(0)
})
