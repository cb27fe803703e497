import { createNodePlatform, nodeFileSystem } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { decodeMessages } from '@rocketmq-ts/protocol'
import { describe, expect, test, vi } from 'vitest'
import type { MessageStore } from '../../src/index.ts'
import { numbered } from '../faults/fault-kit.ts'
import { openStore, putAll } from '../store-kit.ts'
import { openDescriptors, type SlowReads, slowReads } from './slow-reads.ts'

const request = { topic: 'T', queueId: 0, queueOffset: 0, countMax: 32, scannedUnitsMax: 800, bytesMax: 1_000_000 }
const firstLogFile = /commitlog\/0{20}$/
const firstQueueFile = /consumequeue\/T\/0\/0{20}$/
/** What a read of messages that go meanwhile may end with: them, or that they went. */
const endings = ['FOUND', 'MESSAGE_WAS_REMOVING', 'OFFSET_TOO_SMALL']

/** A store with 200 messages in about eight log files and two queues of four files each, nothing of it in memory. */
async function openCold(path: string, slow: RegExp): Promise<{ store: MessageStore; reads: SlowReads }> {
  const sizes = { commitLogSegmentBytes: 16 * 1024, consumeQueueSegmentBytes: 20 * 32 }
  const first = openStore(path, sizes)
  await putAll(first, numbered(200))
  first.close()
  const reads = slowReads(nodeFileSystem, slow)
  const store = openStore(path, {
    ...sizes,
    platform: { fileSystem: reads.fileSystem, clock: createNodePlatform().clock },
    retentionRules: () => ({
      reservedMs: 0,
      deleteHours: [],
      cleanRatio: 2,
      forceRatio: 2,
      fullRatio: 2,
      mayForce: false,
    }),
  })
  return { store, reads }
}

describe.each([
  ['log', firstLogFile],
  ['consume queue', firstQueueFile],
])('a file of the %s that is being read while retention deletes it', (_, file) => {
  test('ends the read with its messages or with the word that they went, and is closed then', async () => {
    using folder = temporaryFolder()
    const { store, reads } = await openCold(folder.path, file)
    const reading = store.read({ ...request, matches: () => true })
    await vi.waitFor(() => expect(reads.waiting).toBe(1), 120_000)
    store.deleteOldFiles()
    expect(store.minOffset('T', 0)).toBeGreaterThan(32)
    const isHeld = () => openDescriptors(folder.path).some((path) => file.test(path.replace(' (deleted)', '')))
    expect(nodeFileSystem.list(`${folder.path}/commitlog`).map(Number)).not.toContain(0)
    expect(nodeFileSystem.list(`${folder.path}/consumequeue/T/0`).map(Number)).not.toContain(0)
    expect(reads.openHandles).toBe(1)
    reads.release()
    const result = await reading
    expect(endings).toContain(result.status)
    const found = result.parts.flatMap((part) => decodeMessages(part))
    expect(found.map(({ queueOffset }) => queueOffset)).toEqual(found.map((_message, index) => index))
    for (const { queueOffset, body } of found) expect(Number.parseInt(body.toString(), 10)).toBe(queueOffset * 2)
    if (found.length === 0) expect(result.nextQueueOffset).toBe(store.minOffset('T', 0))
    expect(reads.openHandles).toBe(0)
    expect(isHeld()).toBe(false)
    const next = await store.read({ ...request, queueOffset: store.minOffset('T', 0), matches: () => true })
    expect(next.status).toBe('FOUND')
    store.close()
    // The mark of the lock may be about to be renewed.
    await vi.waitFor(() => expect(openDescriptors(folder.path)).toEqual([]), 120_000)
  })

  test('does not keep the store from being closed', async () => {
    using folder = temporaryFolder()
    const { store, reads } = await openCold(folder.path, file)
    const reading = store.read({ ...request, matches: () => true })
    await vi.waitFor(() => expect(reads.waiting).toBe(1), 120_000)
    store.deleteOldFiles()
    store.close()
    reads.release()
    expect(endings).toContain((await reading).status)
    expect(reads.openHandles).toBe(0)
  })
})
