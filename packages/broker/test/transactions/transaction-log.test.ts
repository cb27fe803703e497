import { type DecodedMessage, encodeMessageProperties } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { TransactionLog } from '../../src/transactions/transaction-log.ts'

/** A half message at an offset of the queue of half messages. */
function half(queueOffset: number, properties: Record<string, string> = {}): DecodedMessage {
  return {
    topic: 'RMQ_SYS_TRANS_HALF_TOPIC',
    queueId: 0,
    queueOffset,
    physicalOffset: 1000 + queueOffset * 100,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    bornHost: { host: '127.0.0.1', port: 1 },
    storeTimestamp: 1_700_000_000_000,
    storeHost: { host: '127.0.0.1', port: 2 },
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.alloc(0),
    properties: encodeMessageProperties(Object.entries(properties)),
    totalSize: 100,
  }
}

const renewing = (queueOffset: number, first: number) =>
  half(queueOffset, { TRAN_PREPARED_QUEUE_OFFSET: String(first), TRANSACTION_CHECK_TIMES: '1' })
const op = (queueOffset: number, body: string) => ({ ...half(queueOffset), body: Buffer.from(body) })

function loaded(...halves: DecodedMessage[]): TransactionLog {
  const log = new TransactionLog()
  log.prepare({ isOurs: true })
  log.endReplay()
  for (const one of halves) log.half(one)
  log.loaded()
  return log
}

describe('what is known of transactions', () => {
  test('a half takes the place of the one that it renews, over and over', () => {
    const log = loaded(half(0), half(1), renewing(2, 0))
    expect([0, 1, 2].map((offset) => log.slots.state(offset))).toEqual(['ended', 'open', 'open'])
    log.half(renewing(3, 0))
    expect([1, 2, 3].map((offset) => log.slots.state(offset))).toEqual(['open', 'ended', 'open'])
    // Whichever half of it somebody names.
    expect([half(0), renewing(2, 0), renewing(3, 0)].map((one) => log.currentOffset(one))).toEqual([3, 3, 3])
    expect(log.currentOffset(half(1))).toBe(1)
    expect(log.firstOpen).toBe(1)
  })

  test('an op message ends the halves that it names, in both forms', () => {
    const log = loaded(half(0), half(1), half(2))
    log.op(op(0, '1,2,'))
    log.op(op(1, '0'))
    expect(log.firstOpen).toBeUndefined()
  })

  test('a committed message that was found ends its half, and needs an op message', () => {
    const log = new TransactionLog()
    log.prepare({ isOurs: true })
    log.endReplay()
    log.foundCommitted(half(1))
    log.half(half(0))
    log.half(half(2))
    expect(log.loaded()).toEqual([1])
    expect([0, 1, 2].map((offset) => log.slots.state(offset))).toEqual(['open', 'committed', 'open'])
    // The log is read again from it until that is stored.
    expect(log.position).toBe(half(1).physicalOffset)
    expect(log.syncNow()).toBe(false)
    log.op(op(0, '1,'))
    expect(log.position).toBe(Number.POSITIVE_INFINITY)
    expect(log.syncNow()).toBe(true)
  })

  test('a half that was renewed needs an op message before the one that took its place: it would seem to be open', () => {
    const log = new TransactionLog()
    log.prepare({ isOurs: true })
    log.endReplay()
    log.half(half(0))
    log.half(renewing(1, 0))
    log.foundCommitted(renewing(2, 0))
    expect(log.loaded()).toEqual([0, 1, 2])
  })

  test('whoever waits for a half that is ending is told when it has ended, or is open again', async () => {
    const log = loaded(half(0))
    log.beginEnd(0)
    const told: string[] = []
    const waiting = [1, 2].map(async () => {
      await log.whenSettled(0)
      told.push(log.slots.state(0)!)
    })
    log.settle(half(0), 'open')
    await Promise.all(waiting)
    expect(told).toEqual(['open', 'open'])
    log.beginEnd(0)
    log.settle(half(0), 'committed')
    expect(log.slots.state(0)).toBe('committed')
  })

  test('that a transaction is committed is known of its first half, too', () => {
    const log = loaded(half(0), renewing(1, 0))
    log.beginEnd(1)
    log.settle(renewing(1, 0), 'committed')
    expect(log.currentOffset(half(0))).toBe(0)
    expect(log.slots.state(0)).toBe('committed')
  })

  test('is loaded anew when the end of the log is cut off', () => {
    const log = loaded(half(0), half(1))
    log.op(op(0, '0,'))
    log.truncate(half(1).physicalOffset)
    expect(log.isLoaded).toBe(false)
    log.beginLoad()
    log.half(half(0))
    log.loaded()
    expect([log.slots.state(0), log.slots.state(1)]).toEqual(['open', undefined])
  })
})
