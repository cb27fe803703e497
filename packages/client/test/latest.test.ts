import { describe, expect, test } from 'vitest'
import { Admin, Consumer, Producer, Reader, type ReceivedMessage, SimpleConsumer } from '../src/index.ts'
import { type ClientMachine, clientMachine, numbered, type Scene, startScene } from './client-kit.ts'

async function sendToEach(scene: Scene, bodies: readonly string[]): Promise<void> {
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  for (const broker of ['broker-1', 'broker-2']) {
    const messages = bodies.map((body) => ({ topic: 'T', body, queue: { topic: 'T', broker, queueId: 0 } }))
    await scene.settle(producer.send(messages))
  }
  await scene.settle(producer.close())
}

async function setPop(scene: Scene): Promise<void> {
  const admin = new Admin(scene.client())
  await scene.settle(admin.createGroup('readers'))
  await scene.settle(admin.setRequestMode('readers', 'T', { mode: 'POP' }))
  await scene.settle(admin.close())
}

/** Collects bodies; resolves when it reads. */
type Begin = (scene: Scene, bodies: string[], machine: ClientMachine) => Promise<{ close(): Promise<unknown> }>

const begins: Record<string, Begin> = {
  'a consumer that pulls': async (scene, bodies, machine) => {
    const handler = ({ body }: ReceivedMessage) => bodies.push(String(body))
    const options = { group: 'readers', topics: 'T', from: 'latest', handler } as const
    const consumer = new Consumer({ ...scene.client(machine), ...options })
    await scene.settle(consumer.start())
    return consumer
  },
  get 'a consumer that pops'() {
    return this['a consumer that pulls']!
  },
  'a simple consumer': async (scene, bodies, machine) => {
    const options = { group: 'simple', topics: 'T', from: 'latest', invisibleMs: 600_000 } as const
    const consumer = new SimpleConsumer({ ...scene.client(machine), ...options })
    // It fails as long as none of the brokers that it has asked has messages, and one cannot be asked.
    const receive = () => consumer.receive({ waitMs: 10_000 }).catch(() => [])
    await scene.settle(receive())
    let isOver = false
    const receiving = (async () => {
      while (!isOver) for (const { body } of await receive()) bodies.push(String(body))
    })()
    const close = (): Promise<unknown> => {
      isOver = true
      return Promise.all([consumer.close(), receiving])
    }
    return { close }
  },
  'a reader': async (scene, bodies, machine) => {
    const reader = new Reader({ ...scene.client(machine), topic: 'T', from: 'latest' })
    const reading = (async () => {
      for await (const { body } of reader) bodies.push(String(body))
    })()
    await scene.cluster.sleep(10_000)
    return { close: () => Promise.all([reader.close(), reading]) }
  },
}

describe.each(['a consumer that pulls', 'a consumer that pops', 'a simple consumer', 'a reader'])(
  '%s that begins with the latest',
  (name) => {
    test('is given nothing older of a broker that was away meanwhile, and all that it gets later', async () => {
      const scene = await startScene({ brokers: 2 })
      const [, away] = scene.cluster.brokers
      await scene.createTopic('T', 1)
      await sendToEach(scene, numbered(20, 'old'))
      // Clocks of brokers and clients may differ by a minute.
      await scene.cluster.sleep(90_000)
      if (name.endsWith('pops')) await setPop(scene)
      away!.kill()
      const nameServer = scene.cluster.client.nameServer(scene.cluster.nameServers[0]!)
      const routed = async (): Promise<number | undefined> => (await nameServer.route('T'))?.queueDatas.length
      await scene.cluster.until('it is in no route', async () => (await routed()) === 1, 180_000)
      const bodies: string[] = []
      const reading = await begins[name]!(scene, bodies, clientMachine(scene.cluster))
      await away!.start()
      await scene.cluster.until('it is in the route', async () => (await routed()) === 2, 60_000)
      await sendToEach(scene, ['new'])
      await scene.cluster.until(
        'what is new is read',
        () => bodies.filter((body) => body === 'new').length === 2,
        120_000,
      )
      expect(bodies).toEqual(['new', 'new'])
      await scene.settle(reading.close())
    })
  },
)

test.each(['a consumer that pulls', 'a consumer that pops', 'a simple consumer', 'a reader'])(
  '%s is given what a broker gets later that could not be reached at first',
  async (name) => {
    const scene = await startScene({ brokers: 2 })
    const { network } = scene.cluster
    await scene.createTopic('T', 1)
    await sendToEach(scene, numbered(20, 'old'))
    await scene.cluster.sleep(90_000)
    if (name.endsWith('pops')) await setPop(scene)
    const machine = clientMachine(scene.cluster)
    network.partition(scene.cluster.brokers[1]!.host, machine.host)
    const bodies: string[] = []
    const reading = await begins[name]!(scene, bodies, machine)
    await sendToEach(scene, ['new'])
    network.heal()
    const news = () => bodies.filter((body) => body === 'new')
    await scene.cluster.until('what is new is read', () => news().length === 2, 120_000)
    await scene.cluster.sleep(60_000)
    expect(bodies).toEqual(['new', 'new'])
    await scene.settle(reading.close())
  },
)
