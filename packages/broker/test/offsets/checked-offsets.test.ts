import { SteppedClock, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { CheckedOffsets } from '../../src/offsets/checked-offsets.ts'
import { ConsumerOffsetTable } from '../../src/offsets/index.ts'
import { keptAt, recordingLog } from '../kept/config-kit.ts'

function setUp(path: string) {
  const { log, lines } = recordingLog()
  const config = keptAt(`${path}/o.json`, { clock: new SteppedClock() })
  const offsets = new ConsumerOffsetTable({
    config,
    flushIntervalMs: 5000,
    hasLightQueues: false,
    lightOffsetsMax: () => 100,
    positions: () => ({ min: 0, max: 0 }),
  })
  const store = { maxOffset: (topic: string) => (topic === 'T' ? 10 : 0) }
  return { lines, offsets, checked: new CheckedOffsets({ log, offsets, store }) }
}

test('an offset past the end of its queue becomes the end, once and for all, and that is said', () => {
  using folder = temporaryFolder()
  const { lines, offsets, checked } = setUp(folder.path)
  offsets.commit('g', 'T', 0, 10)
  offsets.commit('g', 'T', 1, 11)
  expect([0, 1, 2].map((queueId) => checked.offset('g', 'T', queueId))).toEqual([10, 10, undefined])
  expect(offsets.offset('g', 'T', 1)).toBe(10)
  expect(checked.offset('g', 'T', 1)).toBe(10)
  expect(lines).toEqual([{ level: 'warn', message: expect.stringMatching(/past the end of its queue/) }])
})

test('all offsets can be checked together, with a line for each topic of a group', () => {
  using folder = temporaryFolder()
  const { lines, offsets, checked } = setUp(folder.path)
  for (const queueId of [0, 1]) offsets.commit('g', 'T', queueId, 12)
  offsets.commit('g', 'U', 0, 1)
  offsets.commit('h', 'T', 0, 9)
  checked.checkAll()
  expect([offsets.queuesOf('g', 'T'), offsets.queuesOf('g', 'U'), offsets.queuesOf('h', 'T')]).toEqual([
    new Map([
      [0, 10],
      [1, 10],
    ]),
    new Map([[0, 0]]),
    new Map([[0, 9]]),
  ])
  expect(lines).toHaveLength(2)
})
