import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { encodeHost } from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { beforeEach, expect, test } from 'vitest'
import { ReceiptWriter } from '../../src/pop/receipt-writer.ts'
import { Receipts } from '../../src/pop/receipts.ts'

const startMs = 1_700_000_000_000
/** Of an earlier life of the broker, and not over yet. */
const earlier = {
  ...{ topic: 'T', group: 'g', queueId: 0, startOffset: 5, popTime: startMs - 100, invisibleTime: 30_000 },
  ...{ reviveQueueId: 0, offsets: [5] },
}

let receipts: Receipts
let put: StoreMessage[]
/** How far the group is known to be. */
let position: number
let writer: ReceiptWriter

beforeEach(() => {
  receipts = new Receipts(startMs, () => 10)
  put = []
  position = 6
  writer = new ReceiptWriter({
    clock: new SteppedClock(startMs),
    records: {
      reviveTopic: 'rmq_sys_REVIVE_LOG_DefaultCluster',
      brokerName: 'broker-a',
      storeHost: encodeHost('127.0.0.1', 10911),
      epoch: () => 'now',
      logEnd: () => 1000,
    },
    intake: { take: (message) => message },
    sink: {
      put(messages, done) {
        put.push(...messages)
        done({ kind: 'stored', places: [] })
      },
    },
    receipts,
    settings: () => ({ timerMaxDelaySec: 259_200 }),
    wasGiven: (_group, _topic, _queueId, queueOffset) => queueOffset < position,
    onWaiting: () => {},
  })
})

test('a receipt of an earlier life is good when its message is known to be given out', () => {
  let refusal: unknown = 'none'
  writer.acknowledge(earlier, (told) => {
    refusal = told
  })
  expect(refusal).toBeUndefined()
  expect(put).toHaveLength(1)
})

test('a receipt is refused when a failure of the power took that its message was given out', () => {
  position = 5
  expect(() => writer.acknowledge(earlier, () => {})).toThrow('it comes again')
  expect(put).toEqual([])
  expect(receipts.isForeignUnderWay(earlier)).toBe(false)
})
