import {
  encodeHost,
  encodeMessageProperties,
  recordBytes,
  transactionMetricsBody,
  writeRecord,
} from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { startCluster, TransactionProducer } from '../../src/index.ts'

test('the first half of a log stays open when messages of another transaction come later, over a death of the process', async () => {
  const cluster = await startCluster({})
  const machine = cluster.brokers[0]!
  const broker = () => cluster.newClient().broker(machine)
  await broker().createTopic('T', 1)
  const producer = new TransactionProducer(cluster.client, broker)
  const first = await producer.prepare('T', 'first')
  expect(first.physicalOffset).toBe(0)
  const other = await producer.prepare('T', 'other', { DELAY: '1' })
  expect(await producer.end(other, 'commit')).toBe('SUCCESS')
  await cluster.sleep(2000)
  await machine.restart()
  expect(await producer.end(first, 'commit')).toBe('SUCCESS')
  const messages = await broker().readQueue('T')
  // A message that was delivered shortly before may come once more.
  expect(new Set(messages.map(({ body }) => String(body)))).toEqual(new Set(['other', 'first']))
})

test('the first half of a log is committed once, over a death of the process', async () => {
  const cluster = await startCluster({})
  const machine = cluster.brokers[0]!
  const broker = () => cluster.newClient().broker(machine)
  await broker().createTopic('T', 1)
  const producer = new TransactionProducer(cluster.client, broker)
  const first = await producer.prepare('T', 'first')
  expect(await producer.end(first, 'commit')).toBe('SUCCESS')
  expect(await producer.end(first, 'commit')).toBe('SUCCESS')
  await machine.restart()
  await producer.end(first, 'commit')
  const messages = await broker().readQueue('T')
  expect(messages.map(({ body }) => String(body))).toEqual(['first'])
})

/** The bytes of a half message, as they would stand at a position of the log. */
function forgedHalf(queueOffset: number, physicalOffset: number, properties: [string, string][]): Buffer {
  const message = {
    topicBytes: Buffer.from('RMQ_SYS_TRANS_HALF_TOPIC'),
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: encodeHost('127.0.0.1', 1),
    storeHost: encodeHost('127.0.0.1', 1),
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from('forged'),
    propertiesBytes: Buffer.from(encodeMessageProperties(properties)),
  }
  const bytes = Buffer.alloc(recordBytes(message))
  writeRecord(bytes, 0, bytes.length, message, queueOffset, physicalOffset, 1)
  return bytes
}

test('a record that stands in the body of a message ends no transaction', async () => {
  const cluster = await startCluster({})
  const machine = cluster.brokers[0]!
  const broker = cluster.client.broker(machine)
  await broker.createTopic('T', 1)
  const producer = new TransactionProducer(cluster.client, () => broker)
  const half = await producer.prepare('T', 'true')
  const properties: [string, string][] = [
    ['REAL_TOPIC', 'T'],
    ['REAL_QID', '0'],
    ['PGROUP', producer.group],
  ]
  const forge = (physicalOffset: number) => forgedHalf(half.queueOffset, physicalOffset, properties)
  const positions: number[] = []
  const send = async (forged: Buffer): Promise<void> => {
    const { messageIds } = await broker.send({ topic: 'Other', body: forged, properties: { UNIQ_KEY: 'u' } })
    positions.push(Number.parseInt(messageIds[0]!.slice(16), 16))
  }
  await broker.createTopic('Other', 1)
  await send(forge(0))
  await send(forge(0))
  const bodyStart = 88
  const physicalOffset = positions[1]! + (positions[1]! - positions[0]!) + bodyStart
  await send(forge(physicalOffset))
  expect(positions[2]).toBe(physicalOffset - bodyStart)
  expect(await producer.end({ ...half, physicalOffset }, 'commit')).toBe('SYSTEM_ERROR')
  expect(await producer.end(half, 'commit')).toBe('SUCCESS')
  expect((await broker.readQueue('T')).map(({ body }) => String(body))).toEqual(['true'])
})

test.each(['stop', 'kill'] as const)(
  'transactions that have not ended are counted by topic, also over a %s',
  async (how) => {
    const cluster = await startCluster({})
    const machine = cluster.brokers[0]!
    const broker = () => cluster.newClient().broker(machine)
    for (const topic of ['T', 'U']) await broker().createTopic(topic, 1)
    const producer = new TransactionProducer(cluster.client, broker)
    const halves = []
    for (const topic of ['T', 'T', 'T', 'T', 'U']) halves.push(await producer.prepare(topic, 'a'))
    await producer.end(halves[0]!, 'commit')
    await producer.end(halves[1]!, 'rollback')
    if (how === 'kill') {
      machine.kill()
      await machine.start()
    } else await machine.restart()
    await producer.end(halves[4]!, 'commit')
    halves.push(await producer.prepare('U', 'b'))
    await cluster.sleep(12_000)
    const { transactionCount } = transactionMetricsBody.parse(
      machine.disk.readFile('/data/store/config/transactionMetrics')!.toString(),
    )
    expect([...transactionCount].map(([topic, { count }]) => [topic, count]).sort()).toEqual([
      ['T', 2],
      ['U', 1],
    ])
  },
)
