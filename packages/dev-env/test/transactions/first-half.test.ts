import { expect, test } from 'vitest'
import { startCluster } from '../../src/index.ts'
import { TransactionProducer } from './transaction-producer.ts'

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
