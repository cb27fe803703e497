import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { recordPosition } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { diskWith, open, put, storeFiles } from '../fuzz/store-snapshot.ts'
import { numbered } from './fault-kit.ts'

const damagedRecord = 6

/** What a killed broker left, with other bytes in the queue offset of one of its messages, and without what is derived. */
function damagedStore(queueOffset: string) {
  const files = new Map([...storeFiles('killed')].filter(([path]) => /commitlog|abort|checkpoint/.test(path)))
  const path = [...files.keys()].find((each) => /commitlog\/0+$/.test(each))!
  const log = Buffer.from(files.get(path)!)
  let at = 0
  for (let record = 0; record < damagedRecord; record++) at += log.readInt32BE(at)
  Buffer.from(queueOffset, 'hex').copy(log, at + recordPosition.queueOffset)
  const clock = new SteppedClock()
  return { clock, disk: diskWith([...files, [path, log]], clock) }
}

describe('a log that is read again', () => {
  test.each([
    ['of 2^40, for which there would be as many units', '0000010000000000'],
    ['of 2^31', '0000000080000000'],
    ['of 2^62', '4000000000000000'],
    ['below zero', '8000000000000003'],
    ['of -1', 'ffffffffffffffff'],
  ])('is passed by where a message has a queue offset %s, and the queues go on behind theirs', (_, queueOffset) => {
    const { clock, disk } = damagedStore(queueOffset)
    const store = open(disk, clock)
    expect([store.maxOffset('T', 0), store.maxOffset('T', 1)]).toEqual([18, 18])
    expect(put(store, clock, ...numbered(1, 100))).toMatchObject({ kind: 'stored', places: [{ queueOffset: 18 }] })
    store.close()
  })
})

test('a bit that flips behind the end of a consume queue is never taken for a message', () => {
  const files = new Map(storeFiles('closed'))
  const path = [...files.keys()].find((each) => each.includes('/consumequeue/T/0/'))!
  const units = Buffer.from(files.get(path)!)
  const behindTheNext = 19
  units[behindTheNext * 20 + 10] = 1
  const clock = new SteppedClock()
  const disk = diskWith([...files, [path, units]], clock)
  const store = open(disk, clock)
  expect(store.maxOffset('T', 0)).toBe(18)
  put(store, clock, ...numbered(1, 100))
  store.close()
  expect(open(disk, clock).maxOffset('T', 0)).toBe(19)
})
