import { commands } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import {
  type BrokerCalls,
  type Cluster,
  PopConsumer,
  type ReadMessage,
  startCluster,
  TransactionProducer,
} from '../../src/index.ts'

const intervalMs = 5000
const hourMs = 3_600_000

async function withCompactionTopic(brokerSettings: Record<string, string> = {}) {
  const cluster = await startCluster({
    brokerSettings: {
      compactionScheduleInternal: String(intervalMs),
      compactionCqMappedFileSize: '920',
      compactionMappedFileSize: '4600',
      ...brokerSettings,
    },
  })
  const broker = newBroker(cluster)
  await broker.createTopic('C', 1, 6, '+cleanup.policy=COMPACTION')
  return { cluster, broker }
}

function newBroker(cluster: Cluster): BrokerCalls {
  return cluster.newClient().broker(cluster.brokers[0]!)
}

async function set(broker: BrokerCalls, key: string, body: string, tag?: string): Promise<number> {
  const properties = { KEYS: key, ...(tag === undefined ? {} : { TAGS: tag }) }
  return (await broker.send({ topic: 'C', body, properties })).queueOffset
}

function shown(messages: readonly ReadMessage[]): string[] {
  return messages.map(({ queueOffset, properties, body }) => `${queueOffset} ${properties.get('KEYS')}=${body}`)
}

describe('a topic with cleanup.policy=COMPACTION', () => {
  test('keeps the last message of each key, over restarts and kills', async () => {
    const { cluster, broker } = await withCompactionTopic()
    for (let round = 0; round < 10; round++) for (const key of ['a', 'b', 'c']) await set(broker, key, `${key}${round}`)
    expect((await broker.readQueue('C')).length).toBe(30)
    await cluster.sleep(2 * intervalMs)
    const left = ['27 a=a9', '28 b=b9', '29 c=c9']
    expect(shown(await broker.readQueue('C'))).toEqual(left)
    const machine = cluster.brokers[0]!
    await machine.stop()
    await machine.start()
    expect(shown(await newBroker(cluster).readQueue('C'))).toEqual(left)
    expect(await set(newBroker(cluster), 'b', 'new')).toBe(30)
    await cluster.sleep(2000)
    machine.kill()
    await machine.start()
    await cluster.sleep(2 * intervalMs)
    expect(shown(await newBroker(cluster).readQueue('C'))).toEqual(['27 a=a9', '29 c=c9', '30 b=new'])
  })

  test('tells the least offset of the log, as official brokers do, and offsets by time of what is left', async () => {
    const { cluster, broker } = await withCompactionTopic()
    const machine = cluster.brokers[0]!
    const times: number[] = []
    for (let number = 0; number < 20; number++) {
      times.push(machine.wallMs)
      await set(broker, `k${number % 4}`, String(number))
      await cluster.sleep(10)
    }
    await cluster.sleep(2 * intervalMs)
    const { header } = await broker.ask(commands.getMinOffset, { topic: 'C', queueId: 0 })
    expect(header.offset).toBe(0)
    expect(await broker.offsetByTime('C', 0, times[2]!, 'lower')).toBe(16)
    expect(await broker.offsetByTime('C', 0, times[18]!, 'lower')).toBe(18)
    const pulled = await broker.pull({ topic: 'C', queueId: 0, offset: 3 })
    expect([pulled.minOffset, pulled.maxOffset, pulled.nextOffset]).toEqual([0, 20, 20])
  })

  test('what was popped of it and is not acknowledged comes again, though the log has deleted it', async () => {
    const { cluster, broker } = await withCompactionTopic({
      mappedFileSizeCommitLog: '16384',
      fileReservedTime: '1',
      deleteWhen: Array.from({ length: 24 }, (_, hour) => String(hour)).join(';'),
    })
    await set(broker, 'rare', 'once')
    for (let number = 0; number < 300; number++) await set(broker, `k${number % 5}`, `${number} ${'b'.repeat(200)}`)
    await cluster.sleep(1.2 * hourMs)
    const consumer = new PopConsumer(newBroker(cluster), cluster.brokers[0]!.name, 'g', 'C')
    const first = (await consumer.pop({ invisibleTime: 2000 })).messages
    expect(shown(first)).toEqual(['0 rare=once'])
    await cluster.sleep(5000)
    const again = (await consumer.pop({ maxMsgNums: 32 })).messages.filter(({ reconsumeTimes }) => reconsumeTimes === 1)
    expect(again.map(({ body }) => String(body))).toEqual(['once'])
  })

  test('keeps them when the log has deleted everything else', async () => {
    const { cluster, broker } = await withCompactionTopic({
      mappedFileSizeCommitLog: '16384',
      fileReservedTime: '1',
      deleteWhen: Array.from({ length: 24 }, (_, hour) => String(hour)).join(';'),
    })
    await set(broker, 'rare', 'once')
    for (let number = 0; number < 300; number++) await set(broker, `k${number % 5}`, `${number} ${'b'.repeat(200)}`)
    await cluster.sleep(1.2 * hourMs)
    const old = (await broker.readQueue('C')).map(({ queueOffset }) => queueOffset)
    expect(old).toEqual([0, 296, 297, 298, 299, 300])
    const machine = cluster.brokers[0]!
    expect(machine.disk.list('/store/commitlog').length).toBeLessThan(3)
    await machine.stop()
    await machine.start()
    expect(shown(await newBroker(cluster).readQueue('C'))[0]).toBe('0 rare=once')
  })

  test('refuses messages without a key, also in a batch', async () => {
    const { broker } = await withCompactionTopic()
    await expect(broker.send({ topic: 'C', body: 'x' })).rejects.toThrow('Required message key is missing')
    await expect(broker.send({ topic: 'C', body: 'x', properties: { KEYS: ' ' } })).rejects.toThrow('key is missing')
    const batch = [
      { topic: 'C', body: 'x', properties: { KEYS: 'k' } },
      { topic: 'C', body: 'y' },
    ]
    await expect(broker.sendBatch(batch)).rejects.toThrow('Required message key is missing')
    expect(await broker.readQueue('C')).toEqual([])
    await broker.sendBatch(batch.slice(0, 1))
    expect(shown(await broker.readQueue('C'))).toEqual(['0 k=x'])
  })

  test('keeps the largest messages that it takes, and refuses larger ones, whichever way they come', async () => {
    const { cluster, broker } = await withCompactionTopic()
    const fileBytes = 6 * 920
    let body = 'x'.repeat(fileBytes)
    const tooLarge = 'over 5512, what a topic with cleanup.policy=COMPACTION can keep'
    await expect(set(broker, 'large', body)).rejects.toThrow(tooLarge)
    const producer = new TransactionProducer(cluster.newClient(), () => broker)
    await expect(producer.prepare('C', body, { KEYS: 'half' })).rejects.toThrow(tooLarge)
    await expect(
      broker.send({ topic: 'C', body, properties: { KEYS: 'timed', TIMER_DELAY_MS: '1000' } }),
    ).rejects.toThrow(tooLarge)
    await expect(
      broker.sendBatch([
        { topic: 'C', body: 'small', properties: { KEYS: 'a' } },
        { topic: 'C', body, properties: { KEYS: 'b' } },
      ]),
    ).rejects.toThrow(tooLarge)
    expect(await broker.readQueue('C')).toEqual([])
    for (let isTaken = false; !isTaken; body = body.slice(1)) {
      isTaken = await set(broker, 'large', body).then(
        () => true,
        () => false,
      )
    }
    await producer.end(await producer.prepare('C', 'x'.repeat(3900), { KEYS: 'half' }), 'commit')
    await broker.send({ topic: 'C', body: 'x'.repeat(3900), properties: { KEYS: 'timed', TIMER_DELAY_MS: '1000' } })
    await cluster.sleep(2000)
    await set(broker, 'small', 'last')
    await cluster.sleep(3 * intervalMs)
    const left = await broker.readQueue('C')
    expect(left.map(({ properties }) => properties.get('KEYS'))).toEqual(['large', 'half', 'timed', 'small'])
    expect(left[0]!.totalSize).toBe(5512)
  })

  test('removes a key that is sent without a body', async () => {
    const { cluster, broker } = await withCompactionTopic()
    await set(broker, 'a', '1')
    await set(broker, 'b', '1')
    await set(broker, 'a', '')
    await cluster.sleep(4 * intervalMs)
    expect(shown(await broker.readQueue('C'))).toEqual(['1 b=1'])
    expect(await set(broker, 'a', '2')).toBe(3)
  })

  test('is an ordinary topic where enableCompaction is off', async () => {
    const { cluster, broker } = await withCompactionTopic({ enableCompaction: 'false' })
    for (let number = 0; number < 5; number++) await set(broker, 'k', String(number))
    await cluster.sleep(4 * intervalMs)
    expect((await broker.readQueue('C')).length).toBe(5)
  })

  test('begins anew when it was deleted', async () => {
    const { cluster, broker } = await withCompactionTopic()
    for (let number = 0; number < 5; number++) await set(broker, 'k', String(number))
    await cluster.sleep(2 * intervalMs)
    await broker.deleteTopic('C')
    await broker.createTopic('C', 1, 6, '+cleanup.policy=COMPACTION')
    expect(await broker.readQueue('C')).toEqual([])
    expect(await set(broker, 'k', 'v')).toBe(0)
    await cluster.sleep(2 * intervalMs)
    expect(shown(await broker.readQueue('C'))).toEqual(['0 k=v'])
  })
})
