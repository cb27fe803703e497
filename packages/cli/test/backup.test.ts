import { Producer } from '@rocketmq-ts/client'
import { describe, expect, test } from 'vitest'
import { restoreMessages } from '../src/messages/restoring.ts'
import { hostOf, open, run, startCluster, TestHost } from './cli-kit.ts'

async function startWithMessages() {
  const mq = await startCluster()
  await mq.topic('orders', { queues: 3 })
  const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
  for (let n = 0; n < 30; n++) {
    const queue = { topic: 'orders', broker: 'broker', queueId: n % 3 }
    const body = n === 0 ? Buffer.from([0, 255]) : `order ${n}`
    await producer.send({ topic: 'orders', body, queue, tag: 'T', keys: [`k${n}`], properties: { n: String(n) } })
  }
  return mq
}

const content = (messages: Awaited<ReturnType<Awaited<ReturnType<typeof startCluster>>['messages']>>) =>
  messages.map(({ body, tag, keys, properties }) => ({ body: body.toString('hex'), tag, keys, properties }))

describe('a backup', () => {
  test('brings every message back, those of a queue in their order', async () => {
    const mq = await startWithMessages()
    const host = hostOf(mq)
    expect(await run(host, 'backup', 'orders', '/b.jsonl')).toMatchObject({
      exitCode: 0,
      stdout: 'Written to /b.jsonl: 30 messages of orders.\n',
    })
    const lines = host.files.get('/b.jsonl')!.trimEnd().split('\n')
    expect(lines).toHaveLength(32)
    expect(JSON.parse(lines[0]!)).toMatchObject({ rocketmqBackup: 1, topic: 'orders', settings: [{ writeQueues: 3 }] })
    const missing = await run(host, 'restore', '/b.jsonl', 'copy')
    expect(missing.exitCode).toBe(1)
    const restored = await run(host, 'restore', '/b.jsonl', 'copy', '--create', '--json')
    expect(JSON.parse(restored.stdout)).toEqual({ topic: 'copy', file: '/b.jsonl', messages: 30 })
    const byQueue = async (topic: string) =>
      Object.values(Object.groupBy(await mq.messages(topic), ({ queue }) => queue.queueId)).map((of) => content(of!))
    const order = (one: unknown, other: unknown) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)
    expect((await byQueue('copy')).sort(order)).toEqual((await byQueue('orders')).sort(order))
  })

  test('keeps the order of a queue, whatever sharding keys are in it', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    for (const [body, key] of ['1a', '2a', '3b', '4a', '5c', '6b'].map((text) => [text, text[1]!])) {
      await run(host, 'produce', 'orders', body!, '--sharding-key', key!)
    }
    await run(host, 'backup', 'orders', '/b')
    await run(host, 'restore', '/b', 'copy', '--create')
    expect((await mq.messages('copy')).map(({ body }) => String(body))).toEqual(['1a', '2a', '3b', '4a', '5c', '6b'])
  })

  test('goes on behind messages that are sent already', async () => {
    const mq = await startWithMessages()
    const host = hostOf(mq)
    await run(host, 'backup', 'orders', '/b')
    await mq.topic('copy', { queues: 1 })
    await run(host, 'restore', '/b', 'copy', '--skip', '28')
    expect(await mq.messages('copy')).toHaveLength(2)
  })

  test('is not written over another file, and is deleted when it is interrupted', async () => {
    const mq = await startWithMessages()
    const host = hostOf(mq)
    host.files.set('/there', 'mine')
    expect((await run(host, 'backup', 'orders', '/there')).exitCode).toBe(1)
    expect(host.files.get('/there')).toBe('mine')
    host.interrupting.abort()
    expect((await run(host, 'backup', 'orders', '/new')).exitCode).toBe(1)
    expect(host.files.has('/new')).toBe(false)
    expect((await run(hostOf(mq), 'backup', 'nothing', '/new')).exitCode).toBe(1)
  })

  test('that was cut off, or is none, is told', async () => {
    const mq = await startWithMessages()
    const host = hostOf(mq)
    await run(host, 'backup', 'orders', '/b')
    const whole = host.files.get('/b')!
    const lines = whole.trimEnd().split('\n')
    const restore = async (text: string) => {
      host.files.set('/damaged', text)
      return run(host, 'restore', '/damaged', 'copy', '--create')
    }
    for (const text of [lines.slice(0, -1).join('\n'), whole.slice(0, -3), lines.toSpliced(5, 1).join('\n')]) {
      const outcome = await restore(text)
      expect(outcome.exitCode).toBe(1)
      expect(outcome.stderr).toMatch(/ends early/)
      // What is whole is sent, however few are left.
      expect(outcome.stderr).toMatch(/the first (29|30) messages are sent/)
    }
    const sent = (await mq.messages('copy')).length
    expect(sent).toBeGreaterThanOrEqual(3 * 29)
    for (const text of ['', '{}', 'x', '[]', '{"rocketmqBackup":2,"topic":"t"}']) {
      expect((await restore(text)).stderr).toMatch(/is no backup/)
    }
    expect((await restore(lines.toSpliced(1, 1, '{"x":1}').join('\n'))).stderr).toMatch(/message 1 is no message/)
    expect((await run(host, 'restore', '/none')).exitCode).toBe(1)
  })

  test('that cannot be unzipped is told as none', async () => {
    const host = hostOf({ nameServers: '127.0.0.1:1' })
    // biome-ignore lint/correctness/useYield: what Node does with such a file
    host.readLines = async function* () {
      throw Object.assign(new Error('incorrect header check'), { code: 'Z_DATA_ERROR' })
    }
    expect(await run(host, 'restore', '/b.gz')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'rocketmq: /b.gz is no backup: it cannot be unzipped (incorrect header check)\n',
    })
  })

  test('says how to go on when a message is refused', async () => {
    const mq = await startWithMessages()
    const host = hostOf(mq)
    await run(host, 'backup', 'orders', '/b')
    await mq.topic('copy', { queues: 1 })
    mq.failNext('NO_PERMISSION', { count: 1000 })
    const outcome = await run(host, 'restore', '/b', 'copy', '--timeout', '1s')
    expect(outcome.exitCode).toBe(1)
    expect(outcome.stderr).toMatch(/the first 0 messages are sent, so go on with --skip 0/)
  })
})

test('a restore has no more under way than a few MB', async () => {
  let [underWay, most] = [0, 0]
  const producer = {
    async send({ body }: { body: Buffer }) {
      underWay += body.length
      most = Math.max(most, underWay)
      await new Promise((resolve) => setImmediate(resolve))
      underWay -= body.length
    },
  }
  const session = {
    host: new TestHost(),
    signal: new AbortController().signal,
    progress() {},
    endProgress() {},
  }
  const body = 'x'.repeat(1024 * 1024)
  async function* lines() {
    for (let n = 1; n <= 40; n++) {
      yield { json: JSON.stringify({ broker: 'b', queueId: n, body }), number: n, fractionRead: n / 40 }
    }
  }
  const options = { topic: 'T', skip: 0, rate: undefined }
  expect(await restoreMessages(session as never, producer as never, lines(), options)).toBe(40)
  expect(most).toBeLessThanOrEqual(8 * 1024 * 1024)
  expect(most).toBeGreaterThan(1024 * 1024)
})

describe('bench', () => {
  test('keeps to its rate, and measures what is stored and delivered', async () => {
    const mq = await startCluster()
    await mq.topic('load', { queues: 2 })
    const args = ['--rate', '200', '--duration', '500ms', '--size', '64', '--deliver', '--json']
    const outcome = await run(hostOf(mq), 'bench', 'load', ...args)
    expect(outcome.exitCode).toBe(0)
    const result = JSON.parse(outcome.stdout)
    expect(result.sent).toBeLessThanOrEqual(101)
    expect(result.sent).toBe((await mq.messages('load')).length)
    expect((await mq.messages('load'))[0]!.body).toHaveLength(64)
    expect(result.latencies.map(({ of, count }: { of: string; count: number }) => [of, count])).toEqual([
      ['stored', result.sent],
      ['delivered', result.sent],
    ])
    for (const { p50Ms, p99Ms, maxMs } of result.latencies) expect(p50Ms <= p99Ms && p99Ms <= maxMs * 1.01).toBe(true)
  })

  test('without a rate keeps so many under way, and tells of failures', async () => {
    const mq = await startCluster()
    await mq.topic('load', { queues: 1 })
    const outcome = await run(hostOf(mq), 'bench', 'load', '--duration', '100ms', '--in-flight', '4', '--batching')
    expect(outcome.stdout).toMatch(/Messages a second +\d+\n/)
    await run(hostOf(mq), 'topic', 'change', 'load', '--access', 'read')
    const refused = await run(hostOf(mq), 'bench', 'load', '--duration', '50ms', '--timeout', '20ms')
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('the first failure: ')
  })
})
