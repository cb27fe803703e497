import { SeededRandom, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { decodeMessages } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { message, openStore, putAll } from '../store-kit.ts'

const segmentBytes = 64 * 1024

describe('records from anywhere in the log', () => {
  test.each([
    ['in memory', 2 * 1024 * 1024],
    ['in files', 1],
  ])('are those that were put there, in the order in which they are asked for (%s)', async (_, tailBytesMax) => {
    using folder = temporaryFolder()
    const store = openStore(folder.path, { commitLogSegmentBytes: segmentBytes, tailBytesMax })
    const bodies = Array.from({ length: 400 }, (_unused, number) => `${number} ${'x'.repeat((number * 7919) % 2000)}`)
    const places = await putAll(
      store,
      bodies.map((body) => message({ body: Buffer.from(body) })),
    )
    const random = new SeededRandom(7)
    for (let round = 0; round < 20; round++) {
      const asked = Array.from({ length: random.below(200) }, () => random.below(bodies.length))
      const records = await store.recordsAt(asked.map((number) => places[number]!))
      const found = records.map((record) => String(decodeMessages(record!)[0]!.body))
      expect(found).toEqual(asked.map((number) => bodies[number]))
    }
    store.close()
  })

  test('are none where no record of that size stands', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path, { commitLogSegmentBytes: segmentBytes })
    const [first, second] = await putAll(store, [message(), message()])
    const { physicalOffset, totalSize } = first!
    const end = second!.physicalOffset + second!.totalSize
    const wrong = [
      { physicalOffset: physicalOffset + 1, totalSize },
      { physicalOffset, totalSize: totalSize - 1 },
      { physicalOffset, totalSize: totalSize + 1 },
      { physicalOffset: end, totalSize },
      { physicalOffset: -totalSize, totalSize },
      { physicalOffset, totalSize: 0 },
      { physicalOffset, totalSize: segmentBytes * 2 },
    ]
    const records = await store.recordsAt([...wrong, first!])
    expect(records.slice(0, -1).every((record) => record === undefined)).toBe(true)
    expect(records.at(-1)).toHaveLength(totalSize)
    store.close()
  })
})

test('a log that was synced when asked survives up to what was put before', async () => {
  using folder = temporaryFolder()
  const store = openStore(folder.path, { flushIntervalMs: 600_000 })
  await putAll(store, [message(), message()])
  expect(store.positions.synced).toBe(0)
  expect(await store.syncLog()).toBe(true)
  expect(store.positions.synced).toBe(store.positions.max)
  store.close()
})
