import { commands } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { PopConsumer, startCluster } from '../../src/index.ts'

const topic = 'T'
const old = ['a', 'b', 'c', 'd', 'e']
const made = ['v', 'w', 'x', 'y', 'z']

async function given(invisibleTime: number) {
  const cluster = await startCluster()
  const machine = cluster.brokers[0]!
  const newBroker = () => cluster.newClient().broker(machine)
  const newConsumer = () => new PopConsumer(newBroker(), machine.name, 'g', topic)
  const fill = async (bodies: readonly string[]): Promise<void> => {
    const broker = newBroker()
    await broker.createTopic(topic, 1)
    for (const body of bodies) await broker.send({ topic, body })
  }
  await fill(old)
  const { messages } = await newConsumer().pop({ maxMsgNums: old.length, invisibleTime })
  expect(messages.length).toBe(old.length)
  const makeAnew = async (): Promise<void> => {
    await newBroker().ask(commands.deleteTopicInBroker, { topic })
    await fill(made)
  }
  return { cluster, machine, newConsumer, makeAnew }
}

test('what was given out of a deleted topic tells nothing of how far a group is in one that is made anew', async () => {
  const { cluster, machine, newConsumer, makeAnew } = await given(4000)
  // The checkpoint has come to the revive topic by now, which is read again after a crash.
  await cluster.sleep(4500)
  await makeAnew()
  machine.kill()
  await machine.start()
  const { messages } = await newConsumer().pop({ maxMsgNums: made.length })
  expect(messages.map(({ body }) => String(body))).toEqual(made)
})

test('what is acknowledged of a topic that is made anew does not come again for what was given out of a deleted one', async () => {
  const { cluster, machine, newConsumer, makeAnew } = await given(20_000)
  await machine.stop()
  await machine.start()
  await makeAnew()
  const consumer = newConsumer()
  const { messages } = await consumer.pop({ maxMsgNums: made.length, invisibleTime: 60_000 })
  expect(messages.map(({ body }) => String(body))).toEqual(made)
  for (const message of messages) expect(await consumer.ack(message)).toBe('SUCCESS')
  await cluster.sleep(40_000)
  expect((await consumer.pop({ maxMsgNums: made.length })).messages).toEqual([])
})
