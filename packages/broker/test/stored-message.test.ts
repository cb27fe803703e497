import type { DecodedMessage } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { consumerSendMsgBack, type SendBackParts } from '../src/retries/handlers/consumer-send-msg-back.ts'
import { decodedRecord } from '../src/stored-message.ts'
import { recordOf } from '../src/transactions/half-message.ts'
import { ask } from './call-kit.ts'

const address = { host: '127.0.0.1', port: 10911 }
const times = { bornTimestamp: 1, storeTimestamp: 1, queueOffset: 0, physicalOffset: 0, preparedTransactionOffset: 0 }
const fields = { topic: 'T', queueId: 0, flag: 0, sysFlag: 0, reconsumeTimes: 0, totalSize: 0 }
const message: DecodedMessage = {
  ...fields,
  ...times,
  bornHost: address,
  storeHost: address,
  body: Buffer.from('body'),
  properties: '',
}

/** A record whose body is another one than its checksum says. */
function damagedRecord(): Buffer {
  const record = recordOf(message)
  const at = record.indexOf('body')
  record[at] = record[at]! ^ 1
  return record
}

describe('a record that was read', () => {
  test('is a message when it is whole', () => {
    expect(decodedRecord(recordOf(message))).toMatchObject({ topic: 'T', body: message.body })
    expect([undefined, damagedRecord(), Buffer.alloc(4)].map(decodedRecord)).toEqual([undefined, undefined, undefined])
  })

  test('and is damaged is not sent back: the consumer is told why', async () => {
    const handler = consumerSendMsgBack({
      brokerPermission: () => 6,
      groups: { find: () => ({ retryQueueNums: 1 }) },
      store: { recordAt: () => Promise.resolve(damagedRecord()) },
    } as unknown as SendBackParts)
    const { code, remark } = await ask(handler, { offset: 0, group: 'g', delayLevel: 0, unitMode: false })
    expect([code, remark]).toEqual([1, expect.stringMatching(/^look message by offset failed, 0: .*damaged/)])
  })
})
