import { LiteSimpleConsumer } from '@rocketmq-ts/client'
import { describe, test } from 'vitest'
import { expectGolden, hostOf, open, run, startCluster } from './cli-kit.ts'

describe('mqadmin', () => {
  test('tells of lite topics what brokers tell, also where some of them fail', async () => {
    const mq = await startCluster({ enableLmq: 'true' })
    const host = hostOf(mq, { now: Date.now() + 60_000 })
    await run(host, 'topic', 'create', 'chat', '--queues', '1', '--type', 'lite')
    await run(host, 'group', 'create', 'sessions', '--lite-of', 'chat')
    await mq.topic('orders')
    const options = { group: 'sessions', topic: 'chat', liteTopics: ['a', 'b'], waitMs: 30_000 }
    const consumer = open(new LiteSimpleConsumer({ nameServers: mq.nameServers, ...options }))
    await consumer.start()
    await run(host, 'produce', 'chat', 'one', 'two', '--lite-topic', 'a')
    const client = `-g sessions -c ${consumer.clientId}`
    await expectGolden(
      'mqadmin-lite',
      host,
      [
        `mqadmin getBrokerLiteInfo -b ${mq.brokerAddress} -d`,
        'mqadmin getBrokerLiteInfo -c DefaultCluster',
        'mqadmin getBrokerLiteInfo',
        'mqadmin getParentTopicInfo -p chat',
        'mqadmin getParentTopicInfo -p orders',
        'mqadmin getParentTopicInfo -p nothing',
        'mqadmin getLiteTopicInfo -p chat -l a -s',
        'mqadmin getLiteTopicInfo -p chat -l none -s',
        `mqadmin getLiteClientInfo -p chat ${client} -s`,
        'mqadmin getLiteClientInfo -p chat -g sessions -c nobody -s',
        'mqadmin getLiteGroupInfo -p chat -g sessions',
        'mqadmin getLiteGroupInfo -p chat -g sessions -k 0',
        'mqadmin getLiteGroupInfo -p chat -g sessions -l a',
        'mqadmin getLiteGroupInfo -p chat -g sessions -l none',
        'mqadmin getLiteGroupInfo -p chat -g nobody',
        'mqadmin getLiteGroupInfo -p chat -g sessions -k many',
        'mqadmin triggerLiteDispatch -p chat -g sessions',
        `mqadmin triggerLiteDispatch -p chat ${client} -b broker`,
        'mqadmin triggerLiteDispatch -p chat -g sessions -b other',
        'mqadmin triggerLiteDispatch -p chat -g nobody',
        'mqadmin printMsg -t %LMQ%$chat$a -d false',
        'mqadmin printMsg -t %LMQ%$chat$a -l chat -d false',
      ],
      (text) =>
        text
          .replaceAll(/Timestamp: \d+ \(\d+ s ago\)/g, 'Timestamp: MS (AGE)')
          .replaceAll(/^(?=MSGID: ID).*/gm, 'MESSAGE'),
    )
  })

  test('sets and tells what concerns disks, replicas and engines of brokers', async () => {
    const mq = await startCluster()
    const broker = mq.brokerAddress
    await expectGolden('mqadmin-brokers', hostOf(mq), [
      `mqadmin updateColdDataFlowCtrGroupConfig -b ${broker} -g mailer -v 1000`,
      `mqadmin updateColdDataFlowCtrGroupConfig -b ${broker} -g mailer -v much`,
      'mqadmin getColdDataFlowCtrInfo -c DefaultCluster',
      'mqadmin removeColdDataFlowCtrGroupConfig -c DefaultCluster -g mailer',
      `mqadmin getColdDataFlowCtrInfo -b ${broker}`,
      `mqadmin setCommitLogReadAheadMode -b ${broker} -m 1`,
      'mqadmin setCommitLogReadAheadMode -c DefaultCluster -m 0',
      `mqadmin setCommitLogReadAheadMode -b ${broker} -m 2`,
      `mqadmin resetMasterFlushOffset -b ${broker} -o 0`,
      `mqadmin resetMasterFlushOffset -b ${broker}`,
      `mqadmin haStatus -b ${broker}`,
      'mqadmin haStatus',
      `mqadmin exportPopRecord -b ${broker} -d true`,
      'mqadmin exportPopRecord -c DefaultCluster',
      'mqadmin checkRocksdbCqWriteProgress -c DefaultCluster',
      'mqadmin checkRocksdbCqWriteProgress -c nothing',
      `mqadmin switchTimerEngine -b ${broker} -e F`,
      'mqadmin switchTimerEngine -c DefaultCluster -e R',
      `mqadmin switchTimerEngine -b ${broker} -e X`,
      'mqadmin updateBrokerConfig -c DefaultCluster -k fileReservedTime -v 24 -a true',
      'mqadmin updateBrokerConfig -c DefaultCluster -k fileReservedTime -v x',
      `mqadmin updateSubGroup -g mailer -b ${broker} -p {"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[1000,5000]}}`,
      `mqadmin updateSubGroup -g mailer -b ${broker} -p {"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":1,"max":9,"multiplier":3}}`,
      'mqadmin getConsumerConfig -g mailer',
      `mqadmin updateSubGroup -g sessions -b ${broker} --attributes +lite.bind.topic=chat`,
      'mqadmin getConsumerConfig -g sessions',
    ])
  })
})
