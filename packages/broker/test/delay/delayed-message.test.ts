import { encodeHost } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { dueMessage } from '../../src/delay/delayed-message.ts'

const address = { host: '127.0.0.1', port: 10911 }

function dueIn(queueId: string) {
  const properties = `REAL_TOPIC\u0001T\u0002REAL_QID\u0001${queueId}\u0002`
  const times = { bornTimestamp: 1, storeTimestamp: 1, queueOffset: 0, physicalOffset: 0, preparedTransactionOffset: 0 }
  const record = { topic: 'SCHEDULE_TOPIC_XXXX', queueId: 0, flag: 0, sysFlag: 0, reconsumeTimes: 0, totalSize: 1 }
  const message = { ...record, ...times, bornHost: address, storeHost: address, body: Buffer.alloc(0), properties }
  return dueMessage(message, encodeHost(address.host, address.port))
}

test.each(['4294967296', '2147483648', '-1', '1.5', 'NaN', 'Infinity', 'x'])(
  'a delayed message belongs nowhere when its queue is %s',
  (queueId) => expect(dueIn(queueId)).toBeUndefined(),
)

test('a delayed message belongs to the queue that it names', () => {
  expect(dueIn('2147483647')).toMatchObject({ topic: 'T', queueId: 2147483647 })
})
