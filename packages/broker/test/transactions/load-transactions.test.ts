import { silentLog } from '@rocketmq-ts/platform'
import { type DecodedMessage, encodeMessageProperties, halfTopic } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { recordOf } from '../../src/transactions/half-message.ts'
import { loadTransactions } from '../../src/transactions/load-transactions.ts'
import { TransactionLog } from '../../src/transactions/transaction-log.ts'

const address = { host: '127.0.0.1', port: 1 }
const positionOf = (queueOffset: number) => 1000 * (queueOffset + 1)

function half(queueOffset: number): DecodedMessage {
  return {
    topic: halfTopic,
    queueId: 0,
    queueOffset,
    physicalOffset: positionOf(queueOffset),
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    bornHost: address,
    storeTimestamp: 1_700_000_000_000,
    storeHost: address,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.alloc(0),
    properties: encodeMessageProperties([['UNIQ_KEY', String(queueOffset)]]),
    totalSize: 100,
  }
}

function started(): TransactionLog {
  const log = new TransactionLog()
  log.prepare({ isOurs: true })
  log.endReplay()
  return log
}

test('halves that are left are known, though the log is cut back while they are loaded', async () => {
  const log = started()
  let count = 3
  const store = {
    units: (_topic: string, _queueId: number, fromOffset: number, countMax: number) => {
      const offsets = Array.from({ length: Math.min(countMax, count - fromOffset) }, (_, index) => fromOffset + index)
      return Promise.resolve(offsets.map((at) => ({ physicalOffset: positionOf(at), totalSize: 100, tagsCode: 0 })))
    },
    recordAt: (physicalOffset: number) => {
      if (physicalOffset === positionOf(2)) {
        count = 2
        log.truncate(positionOf(2))
      }
      return Promise.resolve(recordOf(half(physicalOffset / 1000 - 1)))
    },
    minOffset: () => 0,
    maxOffset: (topic: string) => (topic === halfTopic ? count : 0),
    onCutBack: () => {},
    findByKey: () => [],
  }
  await loadTransactions({ log: silentLog, store, transactions: log, progress: { half: () => 0, op: () => 0 } })
  expect(log.isLoaded).toBe(true)
  expect([0, 1, 2].map((offset) => log.slots.state(offset))).toEqual(['open', 'open', undefined])
})

test('a half that was committed stays so when the log is cut back behind its message', () => {
  const log = started()
  log.foundCommitted(half(0))
  log.foundCommitted(half(1))
  log.loaded()
  log.truncate(positionOf(1))
  for (const offset of [0, 1]) log.half(half(offset))
  expect(log.loaded()).toEqual([0])
  expect([0, 1].map((offset) => log.slots.state(offset))).toEqual(['committed', 'open'])
})
