import { CrashableFileSystem, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import type { MessageStore } from '../../src/index.ts'
import { RemovedTopics } from '../../src/queues/removed-topics.ts'
import { StoreFiles } from '../../src/store-files.ts'
import { settle } from '../settle.ts'
import { message, openStore, putAll } from '../store-kit.ts'

const path = '/data/store/consumequeue.removed'

function newDisk() {
  const clock = new SteppedClock()
  const disk = new CrashableFileSystem(() => clock.now())
  for (const folder of ['/data', '/data/store']) disk.makeFolder(folder)
  for (const folder of ['/', '/data']) disk.syncFolder(folder)
  const open = () => new RemovedTopics(new StoreFiles(disk, 10), path)
  return { clock, disk, open }
}

test('what was removed is known after a failure of the power', () => {
  const { disk, open } = newDisk()
  const removed = open()
  removed.add('T', 100, 0)
  removed.add('other "topic"', 200, 0)
  removed.add('T', 300, 0)
  disk.crash(1)
  const again = open()
  expect(['T', 'other "topic"', 'none'].map((topic) => again.endOf(topic))).toEqual([300, 200, 0])
})

test('a line that is not whole ends what is known, and the next one takes its place', () => {
  const { disk, open } = newDisk()
  open().add('T', 100, 0)
  const good = disk.readFile(path)!
  for (const tail of [Buffer.alloc(30), Buffer.from('1234 500 "T"\n'), good.subarray(0, -1)]) {
    const file = disk.open(path, 'update')
    file.write(tail, good.length)
    file.close()
    const removed = open()
    expect(removed.endOf('T')).toBe(100)
    removed.add('U', 150, 0)
    expect([open().endOf('T'), open().endOf('U')]).toEqual([100, 150])
    disk.open(path, 'update').truncate(good.length)
  }
})

test('nothing is known of topics whose messages the log has deleted, and the file does not grow with them', () => {
  const { disk, open } = newDisk()
  const removed = open()
  for (let number = 1; number <= 5000; number++) removed.add(`T${number}`, number * 100, number * 100 - 50)
  expect([removed.endOf('T5000'), removed.endOf('T4999')]).toEqual([500_000, 0])
  expect(disk.status(path)!.sizeBytes).toBeLessThan(100_000)
  expect(open().endOf('T5000')).toBe(500_000)
})

test('what is put where the log was cut back is of no removed topic', () => {
  const { open } = newDisk()
  const removed = open()
  removed.add('T', 100, 0)
  removed.add('U', 40, 0)
  removed.cutTo(60, 0)
  expect([removed.endOf('T'), removed.endOf('U')]).toEqual([60, 40])
  expect([open().endOf('T'), open().endOf('U')]).toEqual([60, 40])
})

const endings: [string, (disk: CrashableFileSystem) => void][] = [
  ['the process dies', (disk) => disk.kill()],
  ['the power fails', (disk) => disk.crash(7)],
]
test.each(endings)('the messages of a removed topic do not come back when %s', async (_, end) => {
  const { clock, disk } = newDisk()
  const open = (): MessageStore =>
    openStore('/data/store', { platform: { fileSystem: disk, clock }, flushMode: 'SYNC_FLUSH' })
  const putInto = async (store: MessageStore, ...messages: ReturnType<typeof message>[]): Promise<void> => {
    const putting = putAll(store, messages)
    clock.finishTurn()
    await settle()
    await putting
  }
  const store = open()
  const removed = [0, 1].map((queueId) => message({ topic: 'T1', queueId }))
  await putInto(store, ...removed, message({ topic: 'T2' }), ...removed)
  store.removeTopic('T1')
  await putInto(store, message({ topic: 'T1', queueId: 1 }))
  end(disk)
  const again = open()
  expect([again.maxOffset('T1', 0), again.maxOffset('T1', 1), again.maxOffset('T2', 0)]).toEqual([0, 1, 1])
  again.close()
})
