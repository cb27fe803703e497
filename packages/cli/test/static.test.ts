import { startRocketMQ } from '@rocketmq-ts/testing'
import { expect, test } from 'vitest'
import { expectGolden, hostOf, open, run, startCluster } from './cli-kit.ts'

test('commands of static topics make, show, grow and move them, and show before what they would do', async () => {
  const mq = await startCluster({ brokerName: 'broker-a' })
  open(await startRocketMQ({ brokerSettings: { brokerName: 'broker-b', namesrvAddr: mq.nameServers } }))
  await mq.topic('ordinary')
  const host = hostOf(mq)
  await expectGolden(
    'static',
    host,
    [
      'static list',
      'static create orders --queues 3 --broker broker-a --dry-run',
      'static show orders',
      'static create orders --queues 3 --broker broker-a',
      'static show orders',
      'produce orders a b c --key k',
      'static grow orders --queues 4 --dry-run --json',
      'static grow orders --queues 4',
      'static move orders --broker broker-a --broker broker-b --dry-run',
      'static move orders --broker broker-b',
      'static move orders --broker broker-b --yes',
      'static move orders --broker broker-a --broker broker-b --yes --json',
      'static show orders --json',
      'static complete orders',
      'static complete orders --dry-run --json',
      'static create orders --queues 9',
      'static create other',
      'static create other --queues 0',
      'static create other --queues 2 --broker nobody',
      'static create other --queues 2 --json',
      'static list',
      'static list --json',
      'static grow orders --queues 4',
      'static grow orders --queues 2',
      'static grow orders',
      'static grow nothing --queues 2',
      'static move orders',
      'static move orders --broker nobody --dry-run',
      'static move ordinary --broker broker-a --yes',
      'static show ordinary',
      'static complete nothing',
    ],
    (text) => text.replaceAll(/(epoch"?:? +)\d{13,}/gi, '$1EPOCH').replaceAll(/broker-a:\d@/g, 'broker-a:QUEUE@'),
  )
  const read = await run(host, 'consume', 'orders', '--from', 'earliest', '--exit', '--format', '%v\\n')
  expect(read.stdout.trim().split('\n').sort()).toEqual(['a', 'b', 'c'])
})
