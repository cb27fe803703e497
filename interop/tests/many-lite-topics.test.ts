import { createLiteGroup, createParent, LiteConsumer, sendToLite } from '@rocketmq-ts/dev-env/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { residentBytes } from '../hostile/process-facts.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { targetName } from '../targets/target.ts'

/** More than a broker keeps open at a time. */
const liteTopicCount = 20_000
const clientCount = 50
const namesInOneRequest = 500
const sendersCount = 4
const inFlight = 64
const mebibyte = 1024 * 1024
/** Idle a broker takes about 100 MiB. */
const residentBytesMax = 450 * mebibyte

const liteTopicName = (index: number) => `room-${index}`

/** The lite topics of a client: every so-manieth of all. */
const namesOf = (client: number) =>
  Array.from({ length: liteTopicCount / clientCount }, (_, index) => liteTopicName(client + index * clientCount))

describe.skipIf(targetName() !== 'ours')('a broker with 20,000 lite topics', () => {
  let cluster: Cluster
  const connections: BrokerClient[] = []

  beforeAll(async () => {
    cluster = await startCluster({ label: 'many-lite-topics', config: { enableLmq: 'true' } })
    const client = await connect()
    await createParent(client.calls, 'Rooms')
    await createLiteGroup(client.calls, 'guests', 'Rooms')
  })

  afterAll(async () => {
    for (const connection of connections) connection.close()
    await cluster?.dispose()
  })

  async function connect(): Promise<BrokerClient> {
    const client = await BrokerClient.connect(cluster.brokers[0]!.address)
    connections.push(client)
    return client
  }

  /** Sends a message to each, whose body is the name. */
  async function sendTo(names: readonly string[]): Promise<void> {
    const senders = await Promise.all(Array.from({ length: sendersCount }, connect))
    let next = 0
    const lane = async (sender: BrokerClient): Promise<void> => {
      while (next < names.length) {
        const name = names[next++]!
        await sendToLite(sender.calls, 'Rooms', name, name)
      }
    }
    await Promise.all(senders.flatMap((sender) => Array.from({ length: inFlight }, () => lane(sender))))
  }

  /** Clients that have subscribed to all lite topics together. */
  async function subscribed(): Promise<{ consumer: LiteConsumer; clientId: string }[]> {
    return Promise.all(
      Array.from({ length: clientCount }, async (_, index) => {
        const consumer = new LiteConsumer((await connect()).calls, 'broker-a', 'guests', 'Rooms')
        const clientId = `client-${index}`
        const names = namesOf(index)
        for (let from = 0; from < names.length; from += namesInOneRequest) {
          const liteTopicSet = names.slice(from, from + namesInOneRequest)
          expect(await consumer.change({ action: 'PARTIAL_ADD', clientId, liteTopicSet })).toBe('SUCCESS')
        }
        return { consumer, clientId }
      }),
    )
  }

  /** What all of them are given and acknowledge, until nothing comes for some time. */
  async function taken(clients: Awaited<ReturnType<typeof subscribed>>): Promise<string[]> {
    const bodies: string[] = []
    await Promise.all(
      clients.map(async ({ consumer, clientId }) => {
        for (;;) {
          const { code, messages } = await consumer.pop({ clientId, pollTime: 25_000, invisibleTime: 120_000 })
          if (code === 'POLLING_TIMEOUT') return
          expect(code).toBe('SUCCESS')
          for (const message of messages) {
            expect([message.liteTopic, message.count]).toEqual([String(message.body), 0])
            bodies.push(String(message.body))
          }
          const acknowledged = await Promise.all(messages.map((message) => consumer.ack(message)))
          expect(new Set(acknowledged)).toEqual(new Set(['SUCCESS']))
        }
      }),
    )
    return bodies.sort()
  }

  test('gives each message to the one who wants it, once, within bounded memory', async () => {
    const clients = await subscribed()
    const names = Array.from({ length: liteTopicCount }, (_, index) => liteTopicName(index))
    const [bodies] = await Promise.all([taken(clients), sendTo(names)])
    expect(bodies).toEqual(names.sort())
    expect(residentBytes(cluster.brokers[0]!.pid).peak).toBeLessThan(residentBytesMax)
  })

  test('goes on after a restart with what is new, and gives nothing again', async () => {
    await cluster.brokers[0]!.stop()
    await cluster.brokers[0]!.restart()
    const clients = await subscribed()
    const names = Array.from({ length: 1000 }, (_, index) => liteTopicName(index * 20))
    const [bodies] = await Promise.all([taken(clients), sendTo(names)])
    expect(bodies).toEqual(names.sort())
    expect(residentBytes(cluster.brokers[0]!.pid).peak).toBeLessThan(residentBytesMax)
  })
})
