import { expect, test } from 'vitest'
import { planCluster } from '../../src/cluster/plan-cluster.ts'
import { readyMessage } from '../../src/cluster/ready-message.ts'

test('tells every address, the folder, and a command to try with the address in it', () => {
  const plan = planCluster({ data: '/srv/data', host: '127.0.0.1', namesrvPort: 1, brokerPort: 2, brokers: 2 })
  const text = readyMessage(plan, '127.0.0.1:1', [
    { name: 'broker-a', address: '127.0.0.1:2' },
    { name: 'broker-b', address: '127.0.0.1:12' },
  ])
  expect(text).toContain(
    [
      'RocketMQ is ready.',
      '  name server  127.0.0.1:1',
      '  broker-a     127.0.0.1:2',
      '  broker-b     127.0.0.1:12',
      '  data         /srv/data',
    ].join('\n'),
  )
  expect(text).toContain('npx rocketmq produce FirstTopic Hello -n 127.0.0.1:1\n')
  const usual = { name: 'broker-a', address: '127.0.0.1:10911' }
  expect(readyMessage(plan, '127.0.0.1:9876', [usual])).toContain('npx rocketmq produce FirstTopic Hello\n')
  expect(text).toContain('--host 0.0.0.0 lets others in')
})
