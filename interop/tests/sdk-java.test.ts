import { Admin, Consumer, Producer, type ReceivedMessage } from '@rocketmq-ts/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JavaClient, startJavaClient } from '../java/java-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { lacksTools } from '../targets/tooling.ts'

/** A message as the Java client describes it. */
interface Described {
  keys: string
  tag?: string
  flag: number
  /** In base64. */
  body: string
  properties: Record<string, string>
  messageId: string
  idAgeMs?: number
  idAddress?: string
  broker: string
  queueId: number
  queueOffset: number
}

function bodies(count: number): Buffer[] {
  const special = [
    Buffer.from([0]),
    Buffer.from([0, 1, 2, 255]),
    Buffer.alloc(60_000, 'compresses well '),
    randomBytes(9000),
  ]
  return [...special, ...Array.from({ length: count - special.length }, (_, n) => Buffer.from(`body ${n} – ü 消息`))]
}

function randomBytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(Math.random() * 256)))
}

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('our client and the official Java client', () => {
  let cluster: Cluster
  let java: JavaClient
  beforeAll(async () => {
    cluster = await startCluster({ label: 'sdk-java', brokers: 2 })
    java = await startJavaClient(cluster)
  })
  afterAll(async () => {
    await java?.kill()
    await cluster?.dispose()
  })

  it('our consumer gets what the Java producer sent, byte for byte', async () => {
    const compare = async (detail: Record<string, unknown>): Promise<void> => {
      const sent = detail.messages as Described[]
      const received: ReceivedMessage[] = []
      await using consumer = new Consumer({
        nameServers: cluster.namesrvAddr,
        group: `${detail.topic}-readers`,
        topics: String(detail.topic),
        from: 'earliest',
        handler: (message) => void received.push(message),
      })
      await consumer.start()
      await pollUntil('all messages', async () =>
        received.length >= sent.length ? true : { notYet: `${received.length} of ${sent.length}` },
      )
      expect(received.length).toBe(sent.length)
      for (const { keys, tag, flag, body, properties, messageId, broker, queueId, queueOffset } of sent) {
        const message = received.find((one) => one.keys[0] === keys)!
        expect(message.body.toString('base64')).toBe(body)
        expect(message).toMatchObject({ tag, flag, messageId, queueOffset, attempt: 1, queue: { broker, queueId } })
        expect(message.properties).toEqual(properties)
      }
    }
    expect(await java.run('sdk-produce', { checkpoints: { sent: compare } })).toBe('41 messages')
  })

  it('the Java consumer gets what our producer sent, byte for byte, and reads its ids', async () => {
    const sent = bodies(40).map((body, index) => ({
      body,
      keys: `k${index}`,
      tag: ['A', 'B', undefined][index % 3],
      flag: index,
      properties: { größe: `groß, 大, 🐘 ${index}` },
    }))
    const receipts = new Map<string, string>()
    const send = async ({ topic }: Record<string, unknown>): Promise<void> => {
      await using producer = new Producer({ nameServers: cluster.namesrvAddr, group: 'sdk-producers' })
      const messages = sent.map((message) => ({ ...message, topic: String(topic) }))
      for (const message of messages.slice(0, 15)) receipts.set(message.keys, (await producer.send(message)).messageId)
      const batch = await producer.send(messages.slice(15))
      for (const [index, { messageId }] of batch.entries()) receipts.set(messages[15 + index]!.keys, messageId)
    }
    const compare = async ({ messages }: Record<string, unknown>): Promise<void> => {
      const received = messages as Described[]
      expect(received.map(({ keys }) => keys).sort()).toEqual(sent.map(({ keys }) => keys).sort())
      for (const { keys, tag, flag, body, properties } of sent) {
        const message = received.find((one) => one.keys === keys)!
        expect(message.body).toBe(body.toString('base64'))
        expect(message).toMatchObject({ flag, messageId: receipts.get(keys) })
        expect(message.tag).toBe(tag)
        expect(message.properties).toMatchObject(properties)
        expect(Math.abs(message.idAgeMs!)).toBeLessThan(120_000)
        expect(message.idAddress).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
      }
    }
    const options = { parameters: { count: '40' }, checkpoints: { ready: send, received: compare } }
    expect(await java.run('sdk-consume', options)).toBe('40 messages')
  })

  it('share the queues of a group, each message for one of them', async () => {
    const ours: string[] = []
    const keys = Array.from({ length: 60 }, (_, index) => `m${index}`)
    let consumer: Consumer | undefined
    const join = async ({ topic, group }: Record<string, unknown>): Promise<void> => {
      consumer = new Consumer({
        nameServers: cluster.namesrvAddr,
        group: String(group),
        topics: String(topic),
        from: 'earliest',
        handler: (message) => void ours.push(message.keys[0]!),
      })
      await consumer.start()
      await pollUntil('half of the queues', async () => {
        const count = consumer!.assigned.filter((queue) => queue.topic === topic).length
        return count === 4 ? true : { notYet: `${count} of 8` }
      })
    }
    const send = async (detail: Record<string, unknown>): Promise<void> => {
      const topic = String(detail.topic)
      await using admin = new Admin({ nameServers: cluster.namesrvAddr })
      await using producer = new Producer({ nameServers: cluster.namesrvAddr, group: 'sdk-producers' })
      for (const key of keys) await producer.send({ topic, body: key, keys: key })
      // Behind all others of its queue: whoever has it has been given them.
      for (const { queue } of (await admin.describeTopic(topic)).queues) {
        const key = `last-${queue.broker}-${queue.queueId}`
        await producer.send({ topic, body: key, keys: key, queue })
        keys.push(key)
      }
      await pollUntil('our last ones', async () => {
        const { length } = ours.filter((key) => key.startsWith('last'))
        return length === 4 || { notYet: `${length} of 4` }
      })
    }
    const compare = async ({ keys: theirs }: Record<string, unknown>): Promise<void> => {
      expect([...ours, ...(theirs as string[])].sort()).toEqual(keys.toSorted())
      await consumer!.close()
    }
    await java.run('sdk-member', { checkpoints: { joined: join, shared: send, received: compare } })
  })
})
