import { silentLog } from '@rocketmq-ts/platform'
import { CrashableFileSystem, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { EncodedProperties } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { RecordView } from '../../src/followers/record-view.ts'
import { ConsumeQueues } from '../../src/queues/consume-queues.ts'
import { SegmentFolder } from '../../src/segment-folder.ts'
import { StoreFiles } from '../../src/store-files.ts'
import { TagsCodes } from '../../src/tags-codes.ts'

function newQueues(): ConsumeQueues {
  const clock = new SteppedClock()
  const files = new StoreFiles(new CrashableFileSystem(), 4)
  const segments = new SegmentFolder(files, '/log', 1024)
  const tagsCodes = new TagsCodes([])
  const places = {
    SimpleCQ: { path: '/queues', segmentBytes: 640 },
    BatchCQ: { path: '/batches', segmentBytes: 460 },
  }
  const types = { of: () => undefined, hasBatches: false }
  return new ConsumeQueues({
    files,
    clock,
    log: silentLog,
    segments,
    tagsCodes,
    places,
    types,
    hasLightQueues: false,
    hasLightSlots: true,
  })
}

test('a message whose unit would stand at another offset than its sender is told is not taken', () => {
  const queues = newQueues()
  const entry = queues.table.entry('T')!
  const source = { bytesAt: () => Buffer.alloc(0) }
  const put = (queueOffset: number) =>
    queues.apply(
      RecordView.ofPut(source, queueOffset * 100, 100, queueOffset, 1, 0, 0, entry, EncodedProperties.ofText('')),
    )
  put(0)
  expect(() => put(2)).toThrow('a message of T/0 has queue offset 2, and the queue ends at 1')
  expect(() => put(0)).toThrow('has queue offset 0, and the queue ends at 1')
  put(1)
  queues.removeTopic('T')
  expect(() => put(2)).toThrow('has queue offset 2')
})
