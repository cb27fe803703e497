import { SeededRandom, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { decodeMessages, findMessageProperty, recordPropertiesStart } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import type { MessageStore, ReadResult, RecordFilter } from '../src/index.ts'
import { message, openStore, properties, putAll } from './store-kit.ts'

const count = 2_000
const bodyBytes = 2_000

/** Matches messages whose number is a multiple, and counts how often it is asked. */
function multiplesOf(divisor: number, bytesMax = 1e9): RecordFilter & { asked: number } {
  const filter = {
    asked: 0,
    bytesMax,
    matches(bytes: Buffer, start: number, byteCount: number): boolean {
      filter.asked++
      const text = bytes.toString('utf8', recordPropertiesStart(bytes, start), start + byteCount)
      return Number(findMessageProperty(text, 'n')) % divisor === 0
    },
  }
  return filter
}

async function withNumbers(store: MessageStore): Promise<void> {
  const messages = Array.from({ length: count }, (_, n) =>
    message({ topic: 'T', queueId: 0, body: Buffer.alloc(bodyBytes, n), properties: properties({ n: String(n) }) }),
  )
  for (let from = 0; from < count; from += 100) await putAll(store, messages.slice(from, from + 100))
}

function read(store: MessageStore, queueOffset: number, recordFilter: RecordFilter) {
  const limits = { countMax: 32, scannedUnitsMax: 800, bytesMax: 256 * 1024 }
  return store.read({ topic: 'T', queueId: 0, queueOffset, ...limits, matches: () => true, recordFilter })
}

function offsetsIn({ parts }: ReadResult): number[] {
  return decodeMessages(Buffer.concat(parts)).map(({ queueOffset }) => queueOffset)
}

/** Offsets of all that match, and how often the store was read. */
async function readAll(store: MessageStore, filter: RecordFilter): Promise<{ offsets: number[]; reads: number }> {
  const offsets: number[] = []
  let reads = 0
  for (let offset = 0; offset < count; reads++) {
    const result = await read(store, offset, filter)
    expect(result.nextQueueOffset).toBeGreaterThan(offset)
    expect(result.status).toBe(result.count > 0 ? 'FOUND' : 'NO_MATCHED_MESSAGE')
    offsets.push(...offsetsIn(result))
    offset = result.nextQueueOffset
  }
  return { offsets, reads }
}

const multiples = (divisor: number) => Array.from({ length: Math.ceil(count / divisor) }, (_, index) => index * divisor)

describe('a read that looks into records', () => {
  test('finds in memory what matches, all of it and in order', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path)
    await withNumbers(store)
    for (const divisor of [1, 7, 250, 3_000]) {
      expect((await readAll(store, multiplesOf(divisor))).offsets).toEqual(multiples(divisor))
    }
    await store.close()
  })

  test('finds in files what matches, asked once about each record though the cache holds few of them', async () => {
    using folder = temporaryFolder()
    const options = { commitLogSegmentBytes: 1024 * 1024, tailBytesMax: 1, readCacheBytesMax: 1 }
    const store = openStore(folder.path, options)
    await withNumbers(store)
    const random = new SeededRandom(3)
    for (const divisor of [1, 5, 300, 3_000]) {
      const filter = multiplesOf(divisor)
      expect((await readAll(store, filter)).offsets).toEqual(multiples(divisor))
      // What a read found is answered before it waits for a file: what matched may be looked at once more.
      if (divisor > 1) expect(filter.asked).toBeLessThan(count * 1.3)
    }
    const filters = Array.from({ length: 8 }, () => multiplesOf(1 + random.below(400)))
    const all = await Promise.all(filters.map((filter) => readAll(store, filter)))
    expect(all.every(({ offsets }) => offsets[0] === 0)).toBe(true)
    await store.close()
  })

  test('ends after so many bytes of records, whatever it found, and says where to go on', async () => {
    using folder = temporaryFolder()
    const store = openStore(folder.path, { tailBytesMax: 64 * 1024 * 1024, consumeQueueSegmentBytes: 20 * count })
    await withNumbers(store)
    const one = await read(store, 1, multiplesOf(3_000, 1))
    expect(one).toMatchObject({ status: 'NO_MATCHED_MESSAGE', nextQueueOffset: 2 })
    const some = multiplesOf(10, 100 * (bodyBytes + 150))
    const found = await read(store, 0, some)
    expect(found.status).toBe('FOUND')
    expect(found.nextQueueOffset).toBeGreaterThanOrEqual(95)
    expect(found.nextQueueOffset).toBeLessThanOrEqual(110)
    expect(some.asked).toBe(found.nextQueueOffset)
    await store.close()
  })
})
