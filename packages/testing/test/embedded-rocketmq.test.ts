import { once } from 'node:events'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Consumer, Producer, type ReceivedMessage } from '@rocketmq-ts/client'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type EmbeddedRocketMQ, startRocketMQ } from '../src/index.ts'

const opened: AsyncDisposable[] = []

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

function open<One extends AsyncDisposable>(one: One): One {
  opened.push(one)
  return one
}

async function start(brokerSettings: Record<string, string> = {}): Promise<EmbeddedRocketMQ> {
  return open(await startRocketMQ({ brokerSettings }))
}

function producerOf(mq: EmbeddedRocketMQ): Producer {
  return open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
}

async function consume(
  mq: EmbeddedRocketMQ,
  topic: string,
  handle: (message: ReceivedMessage) => unknown = () => {},
): Promise<{ consumer: Consumer; received: string[] }> {
  const received: string[] = []
  const consumer = open(
    new Consumer({
      nameServers: mq.nameServers,
      group: 'mailer',
      topics: topic,
      from: 'earliest',
      handler: (message) => {
        received.push(String(message.body))
        return handle(message)
      },
    }),
  )
  await consumer.start()
  return { consumer, received }
}

/** Waits for something that needs no more than turns of the loop and the network of this machine. */
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 120_000; performance.now() < endMs; ) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`${what}: not in two minutes`)
}

function foldersOfTests(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('rocketmq-embedded-'))
}

async function isListening(address: string): Promise<boolean> {
  const [host, port] = address.split(':')
  const socket = connect(Number(port), host)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function bodies(messages: readonly ReceivedMessage[]): string[] {
  return messages.map(({ body }) => String(body))
}

describe('an embedded RocketMQ', () => {
  test('takes messages and gives them to a group, which is idle then', async () => {
    const mq = await start()
    await mq.topic('orders', { queues: 1 })
    await producerOf(mq).send(['a', 'b'].map((body) => ({ topic: 'orders', body })))
    expect(bodies(await mq.messages('orders'))).toEqual(['a', 'b'])
    expect(await mq.messages('nothing')).toEqual([])
    const { received } = await consume(mq, 'orders')
    await mq.waitForIdle('mailer')
    expect(received.sort()).toEqual(['a', 'b'])
  })

  test('says who is not idle, and why', async () => {
    const mq = await start()
    await mq.topic('orders', { queues: 1 })
    await producerOf(mq).send({ topic: 'orders', body: 'a' })
    await expect(mq.waitForIdle('nobody', { timeoutMs: 100 })).rejects.toThrow('no offset yet')
    const gate = Promise.withResolvers<void>()
    await consume(mq, 'orders', () => gate.promise)
    await expect(mq.waitForIdle('mailer', { timeoutMs: 50 })).rejects.toThrow(/1 in queue 0 of orders/)
    gate.resolve()
    await mq.waitForIdle('mailer')
  })

  test('lets delays and redeliveries happen at once', async () => {
    const mq = await start()
    await mq.topic('orders', { queues: 1 })
    const producer = producerOf(mq)
    const { received } = await consume(mq, 'orders', ({ attempt }) => {
      if (attempt < 4) throw new Error('not yet')
    })
    await producer.send({ topic: 'orders', body: 'in two hours', delayLevel: 18 })
    await mq.advance('1h')
    expect(received).toEqual([])
    await mq.advance('61m')
    await until('the first attempt', () => received.length >= 1)
    for (let attempt = 2; attempt <= 4; attempt++) {
      // The message may still be on its way back to the broker.
      await until(`attempt ${attempt}`, async () => {
        await mq.advance('1m')
        return received.length >= attempt
      })
    }
    await mq.advance('1h')
    expect(received.length).toBe(4)
  })

  test.each(['memory', 'temporaryFolder'] as const)(
    'has after a kill what it had acknowledged, in %s',
    async (storage) => {
      const mq = open(await startRocketMQ({ storage }))
      await mq.topic('orders', { queues: 1 })
      const producer = producerOf(mq)
      await producer.send({ topic: 'orders', body: 'a' })
      const address = mq.brokerAddress
      await mq.kill()
      await expect(producer.send({ topic: 'orders', body: 'lost' }, { timeoutMs: 300 })).rejects.toThrow()
      await mq.start()
      expect(mq.brokerAddress).toBe(address)
      await producer.send({ topic: 'orders', body: 'b' })
      await mq.restart()
      await producer.send({ topic: 'orders', body: 'c' })
      expect(bodies(await mq.messages('orders'))).toEqual(['a', 'b', 'c'])
    },
  )

  test('keeps its store in a temporary folder, a new one after a reset, and leaves none', async () => {
    const before = foldersOfTests()
    const mq = open(await startRocketMQ({ storage: 'temporaryFolder' }))
    const producer = producerOf(mq)
    await producer.send({ topic: 'orders', body: 'a' })
    const during = foldersOfTests().filter((name) => !before.includes(name))
    expect(during.some((name) => existsSync(join(tmpdir(), name, 'store/commitlog')))).toBe(true)
    await mq.reset()
    expect(await mq.messages('orders')).toEqual([])
    await producer.send({ topic: 'orders', body: 'b' })
    await mq.kill()
    await mq.close()
    for (const name of during) expect(existsSync(join(tmpdir(), name, 'store'))).toBe(false)
  })

  test('leaves nothing although its broker cannot be stopped in order', async () => {
    using disk = temporaryFolder()
    vi.stubEnv('TMPDIR', disk.path)
    const mq = await startRocketMQ({ storage: 'temporaryFolder' })
    vi.unstubAllEnvs()
    const { nameServers } = mq
    const store = join(disk.path, readdirSync(disk.path)[0]!, 'store')
    rmSync(store, { recursive: true })
    writeFileSync(store, 'no folder')
    await expect(mq.close()).rejects.toThrow('ENOTDIR')
    expect(readdirSync(disk.path)).toEqual([])
    expect(await isListening(mq.brokerAddress)).toBe(false)
    expect(await isListening(nameServers)).toBe(false)
  })

  test('is not started with a storage that is none', async () => {
    await expect(startRocketMQ({ storage: 'disk' as never })).rejects.toThrow('use memory or temporaryFolder')
  })

  test('is idle only when a redelivery is done that was due at once', async () => {
    const mq = await start()
    await mq.topic('orders', { queues: 1 })
    const { received } = await consume(mq, 'orders', ({ attempt }) => {
      if (attempt === 1) throw new Error('not yet')
    })
    await producerOf(mq).send({ topic: 'orders', body: 'a' })
    await mq.waitForIdle('mailer')
    expect(received).toEqual(['a'])
    await mq.advance('10s')
    await mq.waitForIdle('mailer')
    expect(received).toEqual(['a', 'a'])
  })

  test('lets nothing pass while it is partitioned', async () => {
    const mq = await start()
    await mq.topic('orders', { queues: 1 })
    const producer = producerOf(mq)
    await producer.send({ topic: 'orders', body: 'a' })
    const heal = mq.partition()
    const error = await producer.send({ topic: 'orders', body: 'b' }, { timeoutMs: 300 }).catch((one) => one)
    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'unknown' })
    heal()
    await producer.send({ topic: 'orders', body: 'c' })
    expect(bodies(await mq.messages('orders')).at(-1)).toBe('c')
  })

  test('answers the next request with the code that a test wants', async () => {
    const mq = await start()
    await mq.topic('orders', { queues: 1 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop', attemptsMax: 1 }))
    mq.failNext('FLOW_CONTROL', { count: 2 })
    for (let n = 0; n < 2; n++) {
      await expect(producer.send({ topic: 'orders', body: 'a' })).rejects.toMatchObject({ code: 'FLOW_CONTROL' })
    }
    await producer.send({ topic: 'orders', body: 'b' })
    expect(bodies(await mq.messages('orders'))).toEqual(['b'])
  })

  test('is as new after a reset, and clients go on with it', async () => {
    const mq = await start()
    await mq.topic('orders', { queues: 1 })
    const producer = producerOf(mq)
    await producer.send({ topic: 'orders', body: 'a' })
    await mq.reset()
    expect(await mq.messages('orders')).toEqual([])
    await mq.topic('orders', { queues: 1 })
    await producer.send({ topic: 'orders', body: 'b' })
    expect(bodies(await mq.messages('orders'))).toEqual(['b'])
  })

  test('runs twenty times in a process, each on its own, and leaves no handle open', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
    const many = await Promise.all(Array.from({ length: 20 }, () => startRocketMQ()))
    await Promise.all(
      many.map(async (mq, n) => {
        await mq.topic('T', { queues: 1 })
        const producer = new Producer({ nameServers: mq.nameServers, group: 'shop' })
        await producer.send({ topic: 'T', body: `${n}` })
        expect(bodies(await mq.messages('T'))).toEqual([`${n}`])
        await producer.close()
      }),
    )
    await Promise.all(many.map((mq) => mq.close()))
    await until('no socket is left', () => {
      const sockets = process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))
      return sockets.length <= before
    })
  })
})
