import { expect, test } from 'vitest'
import { LightSlots } from '../../src/queues/light-slots.ts'
import { OpenLightQueues } from '../../src/queues/open-light-queues.ts'
import { StoreFiles } from '../../src/store-files.ts'
import { FaultKit } from '../faults/fault-kit.ts'

test('a sync at a stop takes what the one in the background is at, and all others', () => {
  const { disk } = new FaultKit()
  const queues = new OpenLightQueues([], new LightSlots(new StoreFiles(disk, 10), '/data/consumequeue.light'))
  queues.noteUnsynced('%LMQ%a', 20)
  queues.noteUnsynced('%LMQ%b', 40)
  const background = queues.takeUnsynced()[Symbol.iterator]()
  expect(background.next().value).toEqual(['%LMQ%a', 20])
  expect(queues.isUnsynced('%LMQ%a')).toBe(true)
  expect(queues.unsyncedCount).toBe(2)
  expect([...queues.takeUnsynced()]).toEqual([
    ['%LMQ%a', 20],
    ['%LMQ%b', 40],
  ])
  expect(queues.unsyncedCount).toBe(0)
})
