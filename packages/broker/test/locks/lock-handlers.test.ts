import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { lockBatchRequestBody, lockBatchResponseBody, unlockBatchRequestBody } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { lockBatchMq } from '../../src/locks/handlers/lock-batch-mq.ts'
import { unlockBatchMq } from '../../src/locks/handlers/unlock-batch-mq.ts'
import { QueueLocks } from '../../src/locks/index.ts'
import { ask } from '../call-kit.ts'

test('queues are locked and given up, and those who hold them are told', async () => {
  const locks = new QueueLocks(new SteppedClock(), () => 100)
  const queue = { topic: 'T', brokerName: 'broker-a', queueId: 0 }
  const request = (clientId: string) => ({ consumerGroup: 'g', clientId, onlyThisBroker: false, mqSet: [queue] })
  const lock = async (clientId: string) => {
    const { body } = await ask(lockBatchMq({ locks }), {}, { body: lockBatchRequestBody.encode(request(clientId)) })
    return lockBatchResponseBody.decode(body).lockOKMQSet
  }
  expect(await lock('a')).toEqual([queue])
  expect(await lock('b')).toEqual([])
  await ask(unlockBatchMq({ locks }), {}, { body: unlockBatchRequestBody.encode(request('a')) })
  expect(await lock('b')).toEqual([queue])
  expect((await ask(lockBatchMq({ locks }), {}, { body: Buffer.from('{"mqSet":[]}') })).code).toBe(29)
})
