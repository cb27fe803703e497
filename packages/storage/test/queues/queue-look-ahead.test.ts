import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { QueueLookAhead, type TopicMemo } from '../../src/index.ts'
import { message, openStore, putAll } from '../store-kit.ts'

test('reads what the next messages of queues need and changes nothing, whether or not there are such queues', async () => {
  using folder = temporaryFolder()
  const store = openStore(folder.path)
  try {
    const memos: TopicMemo[] = ['T0', 'T1', 'T2'].map((topic) => ({ topic, queues: undefined }))
    const topics = memos.flatMap((memo) => [memo, memo, memo, memo])
    const queueIds = memos.flatMap(() => [0, 1, -1, 70_000])
    const lookAhead = new QueueLookAhead()
    const sums: number[] = []
    // More messages than a queue keeps units of in its first piece of memory.
    for (let round = 0; round < 20; round++) {
      sums.push(lookAhead.read(topics, queueIds))
      const placed = await putAll(
        store,
        memos.slice(0, 2).map((memo) => message({ topic: memo.topic, queueId: 1, memo })),
      )
      expect(placed.map(({ queueOffset }) => queueOffset)).toEqual([round, round])
    }
    // There were no queues in the first round, and in each after it there was something to read.
    expect(sums[0]).toBe(0)
    expect(sums.slice(1).every((sum) => sum > 0)).toBe(true)
  } finally {
    await store.close()
  }
})
