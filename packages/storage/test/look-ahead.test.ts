import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { type LikelyHandles, LookAhead, TopicHandle } from '../src/index.ts'
import { message, openStore, putAll } from './store-kit.ts'

const manyTopics = 256

function likelyOf(handles: readonly TopicHandle[], sendableCount = manyTopics): LikelyHandles<TopicHandle> {
  return { sendableCount, likelySendable: (topic) => handles.find((handle) => handle.topic === topic) }
}

test('reads what the next messages of queues need and changes nothing, whether or not there are such queues', async () => {
  using folder = temporaryFolder()
  const store = openStore(folder.path)
  try {
    const handles = ['T0', 'T1', 'T2'].map((topic) => new TopicHandle(topic))
    const headers = [...handles, { topic: 'not there' }].flatMap(({ topic }) =>
      [0, 1, -1, 70_000].map((queueId) => ({ topic, queueId })),
    )
    const lookAhead = new LookAhead(likelyOf(handles))
    const sums: number[] = []
    // More messages than a queue keeps units of in its first piece of memory.
    for (let round = 0; round < 20; round++) {
      lookAhead.read(headers)
      sums.push(lookAhead.checksum)
      const placed = await putAll(
        store,
        handles.slice(0, 2).map((handle) => message({ topic: handle.topic, queueId: 1, handle })),
      )
      expect(placed.map(({ queueOffset }) => queueOffset)).toEqual([round, round])
    }
    // There were no queues in the first round, and in each after it there was something to read.
    expect(sums[0]).toBe(0)
    expect(sums.slice(1).every((sum) => sum > 0)).toBe(true)
  } finally {
    store.close()
  }
})

test('reads what the owner of handles keeps with them, and with few topics nothing', () => {
  const handles = [new TopicHandle('T0'), new TopicHandle('T1')]
  const headers = [
    { topic: 'T0', queueId: 0 },
    { topic: 'T1', queueId: 0 },
  ]
  const ownReads = [() => 1, ({ topic }: TopicHandle) => topic.length]
  const lookAhead = new LookAhead(likelyOf(handles), ownReads)
  lookAhead.read(headers)
  expect(lookAhead.checksum).toBe(6)
  const withFew = new LookAhead(likelyOf(handles, manyTopics - 1), ownReads)
  withFew.read(headers)
  expect(withFew.checksum).toBe(0)
})
