import { Consumer, Producer } from '@rocketmq-ts/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { TransactionClient } from '../disk/transaction-client.ts'
import { type Mqadmin, startMqadmin } from '../mqadmin/mqadmin.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { targetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const config = {
  traceTopicEnable: 'true',
  brokerTraceEnable: 'true',
  transactionTimeOut: '500',
  transactionCheckInterval: '1000',
}

/** The official broker traces nothing by itself. */
describe.skipIf(targetName() === 'official' || lacksTools('java', 'javac', 'mvn'))('mqadmin queryMsgTraceById', () => {
  let cluster: Cluster
  let admin: Mqadmin
  let client: BrokerClient
  beforeAll(async () => {
    cluster = await startCluster({ label: 'mqadmin-traces', config })
    admin = await startMqadmin(cluster)
    client = await BrokerClient.connect(cluster.brokers[0]!.address)
    await client.createTopic('Traced', 1)
  })
  afterAll(async () => {
    client?.close()
    await admin?.close()
    await cluster?.dispose()
  })

  /** What it prints, once it finds so many steps that stored the message. */
  const traces = async (id: string, count: number): Promise<string> => {
    let printed = ''
    await pollUntil(`${count} traces of ${id}`, async () => {
      printed = await admin.run('queryMsgTraceById', '-i', id, '-t', 'RMQ_SYS_TRACE_TOPIC')
      const found = printed.split('\n').filter((line) => line.startsWith('Pub ')).length
      return found >= count || { notYet: printed.slice(0, 2000) }
    })
    return printed
  }

  it('finds that a message was delivered after its delay', async () => {
    const id = '7F00000100010000000000000000D001'
    const properties = { UNIQ_KEY: id, DELAY: '1' }
    await client.send({ topic: 'Traced', queueId: 0, body: Buffer.from('late'), properties })
    expect(await traces(id, 1)).toMatch(/success/)
  })

  it('finds that a transaction was prepared and committed, by the group', async () => {
    const producer = new TransactionClient(cluster.brokers[0]!.address, 'Traced', () => {})
    try {
      await producer.join()
      await producer.end(await producer.prepare('7'), true)
    } finally {
      await producer.close()
    }
    const printed = await traces('transaction-7', 2)
    expect(printed.match(/^Pub +transaction-producers .*success/gm)).toHaveLength(2)
  })

  it('finds what our own client tells: that a message was stored, refused by its handler, and handled', async () => {
    const options = { nameServers: cluster.namesrvAddr, traceTopic: true }
    const producer = new Producer({ ...options, group: 'sdk-producers' })
    let calls = 0
    const consumer = new Consumer({
      ...options,
      group: 'sdk-consumers',
      topics: 'Traced',
      onError: () => ({ kind: 'retry', delayMs: 1000 }),
      handler: () => {
        if (++calls === 1) throw new Error('not yet')
      },
    })
    await consumer.start()
    const { messageId } = await producer.send({ topic: 'Traced', body: 'a', keys: 'sdk-key' })
    await pollUntil('the message was delivered twice', async () => calls >= 2 || { notYet: `${calls}` })
    await Promise.all([producer.close(), consumer.close()])
    const printed = await traces(messageId, 1)
    expect(printed).toMatch(/^Pub +sdk-producers .*success/m)
    expect(printed).toMatch(/^Sub +sdk-consumers .*failed/m)
    expect(printed).toMatch(/^Sub +sdk-consumers .*success/m)
  })
})
