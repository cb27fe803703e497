import { createNodePlatform } from '@rocketmq-ts/platform'
import { SeededRandom, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { decodeMessages } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import type { MessageStore, ReadResult } from '../src/index.ts'
import { message, openStore, putAll } from './store-kit.ts'

const { clock } = createNodePlatform()
const queues = 3
const messagesOfQueue = 1200

function bodyOf(queueId: number, queueOffset: number): string {
  return `${queueId}/${queueOffset} ${'x'.repeat((queueOffset * 7919 + queueId) % 3000)}`
}

function read(store: MessageStore, queueId: number, queueOffset: number): ReadResult | Promise<ReadResult> {
  const limits = { countMax: 16, scannedUnitsMax: 800, bytesMax: 64 * 1024 }
  return store.read({ topic: 'T', queueId, queueOffset, ...limits, matches: () => true })
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => clock.endOfTurn(resolve))
}

test('what many readers read at once is as it was stored until the end of the turn, while memory goes from one to the other', async () => {
  using folder = temporaryFolder()
  // Of a log of 6 MB, little more than a megabyte is in memory at a time.
  const store = openStore(folder.path, {
    commitLogSegmentBytes: 1024 * 1024,
    consumeQueueSegmentBytes: 20 * 1000,
    tailBytesMax: 1,
    readCacheBytesMax: 1,
  })
  try {
    for (let queueId = 0; queueId < queues; queueId++) {
      const bodies = Array.from({ length: messagesOfQueue }, (_, offset) => Buffer.from(bodyOf(queueId, offset)))
      await putAll(
        store,
        bodies.map((body) => message({ topic: 'T', queueId, body })),
      )
    }
    const random = new SeededRandom(7)
    let later = 0
    const reader = async (): Promise<void> => {
      for (let count = 0; count < 150; count++) {
        const queueId = random.below(queues)
        const queueOffset = random.below(messagesOfQueue)
        const outcome = read(store, queueId, queueOffset)
        if (outcome instanceof Promise) later++
        const result = await outcome
        expect(result.status).toBe('FOUND')
        await endOfTurn()
        for (const [index, { body }] of decodeMessages(Buffer.concat(result.parts)).entries())
          expect(body.toString()).toBe(bodyOf(queueId, queueOffset + index))
      }
    }
    await Promise.all(Array.from({ length: 24 }, reader))
    expect(later).toBeGreaterThan(0)
  } finally {
    await store.close()
  }
})
