import { expect, test } from 'vitest'
import { PopConsumer, startCluster } from '../../src/index.ts'

const topic = 'T'
const bodies = Array.from({ length: 12 }, (_, index) => String(index))

async function given(brokerSettings: Record<string, string>) {
  const cluster = await startCluster({ brokerSettings })
  const machine = cluster.brokers[0]!
  const newConsumer = () => new PopConsumer(cluster.newClient().broker(machine), machine.name, 'g', topic)
  const broker = cluster.client.broker(machine)
  await broker.createTopic(topic, 1)
  for (const body of bodies) await broker.send({ topic, body })
  const consumer = newConsumer()
  // Each request takes the next queue of the revive topic.
  for (const body of bodies) {
    const { messages } = await consumer.pop({ invisibleTime: 20_000 })
    expect(String(messages[0]!.body)).toBe(body)
  }
  await cluster.sleep(1000)
  return { cluster, machine, broker, newConsumer }
}

async function comingAgain({ pop }: Pick<PopConsumer, 'pop'>): Promise<string[]> {
  const found: string[] = []
  for (;;) {
    const { messages } = await pop({ maxMsgNums: 32 })
    if (messages.length === 0) return found.sort((one, other) => Number(one) - Number(other))
    found.push(...messages.map(({ body }) => String(body)))
  }
}

test.each([
  ['another name', {}, { brokerName: 'another' }],
  ['another name of its cluster', {}, { brokerClusterName: 'Another' }],
  ['fewer revive queues', {}, { reviveQueueNum: '2' }],
  ['more revive queues', { reviveQueueNum: '2' }, { reviveQueueNum: '6' }],
])('what was given out comes again when the broker starts with %s meanwhile', async (_, before, after) => {
  const { cluster, machine, broker, newConsumer } = await given(before)
  await broker.changeSettings(after)
  await machine.stop()
  await machine.start()
  const consumer = newConsumer()
  expect((await consumer.pop({ maxMsgNums: 32 })).messages).toEqual([])
  await cluster.sleep(25_000)
  expect(await comingAgain({ pop: (fields) => consumer.pop(fields) })).toEqual(bodies)
})

test('the number of revive queues that a start finds in the settings counts', async () => {
  const { machine, broker, newConsumer } = await given({ reviveQueueNum: '2' })
  await broker.changeSettings({ reviveQueueNum: '5' })
  await machine.stop()
  await machine.start()
  const consumer = newConsumer()
  const again = Array.from({ length: 10 }, () => consumer.pop())
  const queues = (await Promise.all(again)).map(({ header }) => header.reviveQid)
  expect([...new Set(queues)].sort()).toEqual([0, 1, 2, 3, 4])
})

test('what came again comes still when retry topics get their old names back', async () => {
  const { cluster, broker, newConsumer } = await given({ enableRetryTopicV2: 'true' })
  await cluster.sleep(25_000)
  await broker.changeSettings({ enableRetryTopicV2: 'false' })
  const consumer = newConsumer()
  expect(await comingAgain({ pop: (fields) => consumer.pop(fields) })).toEqual(bodies)
})

test('what is acknowledged does not come again when the cluster gets another name meanwhile', async () => {
  const { cluster, machine, broker, newConsumer } = await given({})
  const consumer = newConsumer()
  await broker.send({ topic, body: 'last' })
  const { messages } = await consumer.pop({ invisibleTime: 20_000 })
  await broker.changeSettings({ brokerClusterName: 'Another' })
  await machine.stop()
  await machine.start()
  const after = newConsumer()
  expect(await after.ack(messages[0]!)).toBe('SUCCESS')
  await cluster.sleep(25_000)
  expect(await comingAgain({ pop: (fields) => after.pop(fields) })).toEqual(bodies)
})
