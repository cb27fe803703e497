import { parseOffsetMessageId } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { type BrokerCalls, type Cluster, readMessages, startCluster, TransactionProducer } from '../../src/index.ts'

const traceTopic = 'RMQ_SYS_TRACE_TOPIC'
const settings = { traceTopicEnable: 'true', brokerTraceEnable: 'true' }

async function start(brokerSettings: Record<string, string> = settings) {
  const cluster = await startCluster({ brokerSettings })
  const broker = cluster.client.broker(cluster.brokers[0]!)
  await broker.createTopic('T', 1)
  return { cluster, broker }
}

/** Traces that are found by the unique key of a message, as `mqadmin queryMsgTraceById` does: their fields. */
async function tracesOf(cluster: Cluster, broker: BrokerCalls, id: string): Promise<string[][]> {
  await cluster.sleep(10_000)
  const found = readMessages(await broker.findByKey(traceTopic, id))
  const records = found.flatMap(({ body }) =>
    String(body)
      .split('\u0002')
      .filter((record) => record !== ''),
  )
  return records.map((record) => record.split('\u0001')).filter((fields) => fields[5] === id)
}

describe('what the broker does to a message by itself is found in the topic of traces, by the message', () => {
  test('when it is delivered after a delay', async () => {
    const { cluster, broker } = await start()
    await broker.send({
      topic: 'T',
      body: 'late',
      properties: { UNIQ_KEY: 'u1', DELAY: '1', TAGS: 't', KEYS: 'k1 k2' },
    })
    const [trace, ...others] = await tracesOf(cluster, broker, 'u1')
    expect(others).toEqual([])
    const [kind, time, region, group, topic, id, tags, keys, host, bytes, cost, type, offsetId, isSuccess] = trace!
    expect({ kind, region, group, topic, id, tags, keys }).toEqual({
      kind: 'Pub',
      region: 'DefaultRegion',
      group: '',
      topic: 'T',
      id: 'u1',
      tags: 't',
      keys: 'k1 k2',
    })
    expect(host).toBe(cluster.brokers[0]!.address)
    expect({ bytes, cost, type, isSuccess }).toEqual({ bytes: '4', cost: '0', type: '3', isSuccess: 'true' })
    expect(Number(time)).toBeGreaterThan(1_700_000_000_000)
    const [message] = await broker.readQueue('T')
    expect(parseOffsetMessageId(offsetId!).physicalOffset).toBe(message!.physicalOffset)
    expect(await tracesOf(cluster, broker, 'k2')).toEqual([])
    expect(readMessages(await broker.findByKey(traceTopic, 'k2'))).toHaveLength(1)
  })

  test('when it is redelivered, and at last a dead letter', async () => {
    const { cluster, broker } = await start()
    await broker.heartbeat([{ group: 'g', topics: { T: '*' } }])
    await broker.send({ topic: 'T', body: 'a', properties: { UNIQ_KEY: 'u1' } })
    const [message] = await broker.readQueue('T')
    await broker.sendBack(message!, 'g', 1)
    await broker.sendBack(message!, 'g', -1)
    const traces = (await tracesOf(cluster, broker, 'u1')).map((fields) => [
      fields[0],
      fields[3],
      fields[4],
      fields[11],
    ])
    expect(traces).toEqual([
      ['Pub', 'g', '%RETRY%g', '3'],
      ['Pub', 'g', '%DLQ%g', '0'],
      // The redelivery itself, after its delay.
      ['Pub', 'g', '%RETRY%g', '3'],
    ])
  })

  test('when its transaction is prepared, asked about, and committed', async () => {
    const { cluster, broker } = await start({
      ...settings,
      transactionTimeOut: '100',
      transactionCheckInterval: '1000',
    })
    const producer = new TransactionProducer(cluster.client, () => broker)
    await producer.join()
    const half = await producer.prepare('T', 'a')
    await cluster.sleep(1500)
    const [check] = producer.takeChecks()
    await producer.end(check!, 'commit', { fromTransactionCheck: true })
    const traces = await tracesOf(cluster, broker, half.id)
    expect(traces.map((fields) => [fields[0], fields[3], fields[4]])).toEqual(
      ['Pub', 'EndTransaction', 'Pub', 'EndTransaction'].map((kind) => [kind, 'transactions', 'T']),
    )
    expect(traces.filter(([kind]) => kind === 'Pub').map((fields) => fields[11])).toEqual(['1', '2'])
    expect(traces.filter(([kind]) => kind === 'EndTransaction').map((fields) => fields.slice(9))).toEqual([
      ['1', half.id, 'UNKNOW', 'true'],
      ['2', half.id, 'COMMIT_MESSAGE', 'true'],
    ])
  })

  test('unless the message says that it is not traced, or traces are off', async () => {
    const { cluster, broker } = await start({ ...settings, traceOn: 'false' })
    await broker.send({ topic: 'T', properties: { UNIQ_KEY: 'u1', DELAY: '1' } })
    expect(await tracesOf(cluster, broker, 'u1')).toEqual([])
    const other = await start({ traceTopicEnable: 'true' })
    await other.broker.send({ topic: 'T', properties: { UNIQ_KEY: 'u1', DELAY: '1' } })
    expect(await tracesOf(other.cluster, other.broker, 'u1')).toEqual([])
  })
})
