import { expect, test } from 'vitest'
import { PopConsumer, startCluster } from '../../src/index.ts'

/** Two messages of one checkpoint. */
async function given() {
  const cluster = await startCluster()
  const machine = cluster.brokers[0]!
  const newConsumer = () => new PopConsumer(cluster.newClient().broker(machine), machine.name, 'g', 'T')
  const broker = cluster.client.broker(machine)
  await broker.createTopic('T', 1)
  for (const body of ['a', 'b']) await broker.send({ topic: 'T', body })
  const { messages } = await newConsumer().pop({ maxMsgNums: 2, invisibleTime: 20_000 })
  const killed = async () => {
    machine.kill()
    await machine.start()
    return newConsumer()
  }
  /** What comes until all receipts are over. */
  const comes = async (): Promise<string[]> => {
    await cluster.sleep(90_000)
    return (await newConsumer().pop({ maxMsgNums: 32 })).messages.map(({ body }) => String(body))
  }
  return { consumer: newConsumer(), first: messages[0]!, second: messages[1]!, killed, comes }
}

test('who does not know that the invisible time was changed, since the process died, changes and acknowledges nothing by the old receipt', async () => {
  const { consumer, first, second, killed, comes } = await given()
  // The answer gets lost.
  await consumer.changeInvisible(first, 60_000)
  const after = await killed()
  expect(await after.changeInvisible(first, 60_000)).toBeUndefined()
  expect(await after.ack(first)).toBe('MESSAGE_ILLEGAL')
  expect(await after.ackAll([first])).toBe('MESSAGE_ILLEGAL')
  expect(await after.ack(second)).toBe('SUCCESS')
  expect(await comes()).toEqual(['a'])
})

test('of several changes, each before a death of the process, the last receipt alone is good', async () => {
  const { consumer, first, killed, comes } = await given()
  const once = (await consumer.changeInvisible(first, 30_000))!
  const twice = (await (await killed()).changeInvisible(once, 60_000))!
  const after = await killed()
  for (const receipt of [first, once]) expect(await after.ack(receipt)).toBe('MESSAGE_ILLEGAL')
  expect(await after.ack(twice)).toBe('SUCCESS')
  expect(await comes()).toEqual(['b'])
})

test('a receipt of an earlier life ends when the invisible time is changed by it', async () => {
  const { first, second, killed, comes } = await given()
  const after = await killed()
  expect(await after.changeInvisible(first, 60_000)).toBeDefined()
  expect(await after.changeInvisible(first, 60_000)).toBeUndefined()
  expect(await after.ack(first)).toBe('MESSAGE_ILLEGAL')
  expect(await after.ack(second)).toBe('SUCCESS')
  expect(await comes()).toEqual(['a'])
})

test('of two changes by one receipt of an earlier life that are under way together, one is made', async () => {
  const { first, second, killed, comes } = await given()
  const after = await killed()
  const changes = await Promise.all([after.changeInvisible(first, 60_000), after.changeInvisible(first, 61_000)])
  expect(changes.filter((one) => one !== undefined)).toHaveLength(1)
  expect(await after.ack(second)).toBe('SUCCESS')
  expect(await comes()).toEqual(['a'])
})

test('a message that is acknowledged by a receipt of an earlier life does not come by a change that is late', async () => {
  const { first, second, killed, comes } = await given()
  const after = await killed()
  const [acknowledged, changed] = await Promise.all([after.ack(first), after.changeInvisible(first, 60_000)])
  expect([acknowledged, changed]).toEqual(['SUCCESS', undefined])
  expect(await after.ack(first)).toBe('SUCCESS')
  expect(await after.changeInvisible(first, 60_000)).toBeUndefined()
  expect(await after.ack(second)).toBe('SUCCESS')
  expect(await comes()).toEqual([])
})

test('a receipt of a message that is visible again is refused after a restart, though the clock was set back', async () => {
  const cluster = await startCluster()
  const machine = cluster.brokers[0]!
  const newConsumer = () => new PopConsumer(cluster.newClient().broker(machine), machine.name, 'g', 'T')
  const broker = cluster.client.broker(machine)
  await broker.createTopic('T', 1)
  await broker.send({ topic: 'T', body: 'a' })
  const [first] = (await newConsumer().pop({ invisibleTime: 600_000 })).messages
  machine.jumpClock(3_600_000)
  await cluster.sleep(10_000)
  await machine.stop()
  machine.jumpClock(-3_600_000)
  await machine.start()
  expect(await newConsumer().ack(first!)).toBe('NO_MESSAGE')
  expect((await newConsumer().pop()).messages.map(({ body }) => String(body))).toEqual(['a'])
})
