import { commands } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { type BrokerCalls, type BrokerMachine, type Cluster, type ReadMessage, startCluster } from '../../src/index.ts'

const secondMs = 1000
const hourMs = 3600 * secondMs
const dayMs = 24 * hourMs

async function withTopic(brokerSettings: Record<string, string> = {}) {
  const cluster = await startCluster({ brokerSettings })
  const machine = cluster.brokers[0]!
  const broker = cluster.client.broker(machine)
  await broker.createTopic('T', 2)
  return { cluster, machine, broker }
}

function newBroker(cluster: Cluster): BrokerCalls {
  return cluster.newClient().broker(cluster.brokers[0]!)
}

async function send(broker: BrokerCalls, body: string, properties: Record<string, string>): Promise<void> {
  await broker.send({ topic: 'T', queueId: 1, body, properties })
}

async function delivered(broker: BrokerCalls): Promise<ReadMessage[]> {
  return broker.readQueue('T', 1)
}

async function bodies(broker: BrokerCalls): Promise<string[]> {
  return (await delivered(broker)).map(({ body }) => String(body))
}

/** Changes a file while no process uses it. */
function change({ disk }: BrokerMachine, path: string, edit: (bytes: Buffer) => void): void {
  const bytes = Buffer.from(disk.readFile(path)!)
  edit(bytes)
  const file = disk.open(path, 'create')
  file.write(bytes, 0)
  file.close()
}

describe('a message whose sender names a time', () => {
  test.each([
    ['a delay in seconds', () => ({ TIMER_DELAY_SEC: '7' })],
    ['a delay in milliseconds', () => ({ TIMER_DELAY_MS: '7000' })],
    ['the time itself', (nowMs: number) => ({ TIMER_DELIVER_MS: String(nowMs + 7000) })],
  ])('as %s comes then and not before, at most a precision later', async (_, properties) => {
    const { cluster, machine, broker } = await withTopic()
    const dueMs = machine.wallMs + 7000
    await send(broker, 'a', properties(machine.wallMs))
    while (machine.wallMs < dueMs + 2000) {
      await cluster.sleep(100)
      const [message] = await delivered(broker)
      if (message === undefined) expect(machine.wallMs).toBeLessThan(dueMs + secondMs + 200)
      else expect(message.storeTimestamp).toBeGreaterThanOrEqual(dueMs)
    }
    expect(await bodies(broker)).toEqual(['a'])
  })

  test('has its properties, and the times at which the timer had it', async () => {
    const { cluster, broker } = await withTopic()
    await send(broker, 'a', { TIMER_DELAY_SEC: '3', TAGS: 'tag', KEYS: 'k', mine: 'x' })
    await cluster.sleep(5000)
    const [{ properties }] = (await delivered(broker)) as [ReadMessage]
    expect(properties.get('mine')).toBe('x')
    expect(properties.get('TIMER_DELAY_SEC')).toBe('3')
    const [out, enqueued, dequeued] = ['OUT', 'ENQUEUE', 'DEQUEUE'].map((name) =>
      Number(properties.get(`TIMER_${name}_MS`)),
    )
    expect(enqueued!).toBeLessThan(out!)
    expect(dequeued!).toBeGreaterThan(out!)
    expect([properties.get('REAL_TOPIC'), properties.get('REAL_QID')]).toEqual(['T', '1'])
  })

  test('comes at once when that time has passed, and is refused when it is too far away', async () => {
    const { machine, broker } = await withTopic()
    await send(broker, 'past', { TIMER_DELIVER_MS: String(machine.wallMs - 1) })
    await send(broker, 'negative', { TIMER_DELAY_SEC: '-5' })
    expect(await bodies(broker)).toEqual(['past', 'negative'])
    await send(broker, 'far', { TIMER_DELAY_SEC: '259200' })
    for (const text of ['259201', 'x', '', '1.5', '99999999999999999999']) {
      const properties = { TIMER_DELAY_SEC: text }
      if (text === '') continue
      await expect(broker.send({ topic: 'T', properties })).rejects.toMatchObject({ code: 13 })
    }
  })

  test('waits as long as its delay level when it has one, and no longer', async () => {
    const { cluster, broker } = await withTopic()
    await send(broker, 'a', { DELAY: '1', TIMER_DELAY_SEC: '60' })
    await cluster.sleep(3000)
    const [message] = await delivered(broker)
    expect(String(message?.body)).toBe('a')
    expect(message?.properties.has('TIMER_DELAY_SEC')).toBe(false)
  })

  test('is delivered at once with a batch, which as a whole names no time', async () => {
    const { broker } = await withTopic()
    const place = { topic: 'T', queueId: 1 }
    await broker.sendBatch([
      { ...place, body: 'a', properties: { TIMER_DELAY_SEC: '60' } },
      { ...place, body: 'b' },
    ])
    expect(await bodies(broker)).toEqual(['a', 'b'])
  })

  test('is refused when timers are switched off', async () => {
    const { broker } = await withTopic({ timerWheelEnable: 'false' })
    await expect(broker.send({ topic: 'T', properties: { TIMER_DELAY_SEC: '1' } })).rejects.toMatchObject({ code: 1 })
    await send(broker, 'level', { DELAY: '1', TIMER_DELAY_SEC: '1' })
  })

  test('that is sent back comes again as any other', async () => {
    const { cluster, broker } = await withTopic()
    await broker.heartbeat([{ group: 'g', topics: { T: '*' } }])
    await send(broker, 'a', { TIMER_DELAY_SEC: '2' })
    await cluster.sleep(4000)
    const [message] = await delivered(broker)
    await broker.sendBack(message!, 'g', 1)
    await cluster.sleep(3000)
    expect((await broker.readQueue('%RETRY%g')).map(({ body }) => String(body))).toEqual(['a'])
  })

  test('for a year comes after a year, when that is allowed, and not before', async () => {
    const { cluster, machine, broker } = await withTopic({ timerMaxDelaySec: String(366 * 86_400) })
    const dueMs = machine.wallMs + 365 * dayMs
    await send(broker, 'a', { TIMER_DELAY_SEC: String(365 * 86_400) })
    await cluster.sleep(2000)
    while (machine.wallMs < dueMs - dayMs) {
      machine.jumpClock(dayMs / 2)
      await cluster.sleep(3000)
      expect(await broker.maxOffset('T', 1)).toBe(0)
    }
    machine.jumpClock(dueMs - machine.wallMs - 10_000)
    await cluster.sleep(9000)
    expect(await broker.maxOffset('T', 1)).toBe(0)
    await cluster.sleep(4000)
    const [message] = await delivered(broker)
    expect(String(message?.body)).toBe('a')
    expect(Number(message?.properties.get('TIMER_ROLL_TIMES'))).toBeGreaterThan(100)
  })
})

test('a message for a month from now is taken back weeks before its time, also over a restart', async () => {
  const settings = { timerMaxDelaySec: String(40 * 86_400), recallMessageEnable: 'true' }
  const { cluster, machine, broker } = await withTopic(settings)
  const properties = { TIMER_DELAY_SEC: String(30 * 86_400) }
  const answers = []
  for (const body of ['taken back', 'kept']) {
    answers.push(await broker.send({ topic: 'T', queueId: 1, body, properties }))
  }
  await cluster.sleep(2000)
  machine.jumpClock(5 * dayMs)
  await cluster.sleep(3000)
  const recallHandle = answers[0]!.recallHandle!
  await broker.ask(commands.recallMessage, { topic: 'T', recallHandle })
  await cluster.sleep(2000)
  await machine.restart()
  for (let days = 0; days < 26; days++) {
    machine.jumpClock(dayMs)
    await cluster.sleep(3000)
  }
  expect(await bodies(newBroker(cluster))).toEqual(['kept'])
})

test('a message with a time that its producer has numbered is delivered once, however often it is sent', async () => {
  const { cluster, machine, broker } = await withTopic({ idempotentProducerEnable: 'true' })
  const sendNumbered = (calls: BrokerCalls, sequence: number, time: Record<string, string>) =>
    calls.send({
      topic: 'T',
      queueId: 1,
      body: `${sequence}`,
      properties: { __PRODUCER_ID: 'p', __PRODUCER_SEQUENCE: String(sequence), UNIQ_KEY: `u${sequence}`, ...time },
    })
  const atTime = { TIMER_DELIVER_MS: String(machine.wallMs + 4000) }
  const answers = [await sendNumbered(broker, 1, { TIMER_DELAY_SEC: '4' }), await sendNumbered(broker, 2, atTime)]
  // By a delay, nobody knows the time of the first one.
  expect(answers.map(({ recallHandle }) => recallHandle !== undefined)).toEqual([false, true])
  await cluster.sleep(1500)
  expect(await sendNumbered(broker, 1, { TIMER_DELAY_SEC: '4' })).toEqual(answers[0])
  expect(await sendNumbered(broker, 2, atTime)).toEqual(answers[1])
  await cluster.sleep(6000)
  expect(await bodies(broker)).toEqual(['1', '2'])
  await machine.restart()
  expect(await sendNumbered(newBroker(cluster), 1, { TIMER_DELAY_SEC: '4' })).toEqual(answers[0])
  await cluster.sleep(8000)
  expect(await bodies(newBroker(cluster))).toEqual(['1', '2'])
})

test('a broker starts behind an official one, though the last message that this one added is damaged', async () => {
  const { cluster, machine, broker } = await withTopic()
  await send(broker, 'whole', { TIMER_DELAY_SEC: '60' })
  await send(broker, 'damaged', { TIMER_DELAY_SEC: '60' })
  await cluster.sleep(5000)
  await machine.stop()
  // As an official broker leaves it: without our parts of the checkpoint.
  change(machine, '/data/store/config/timercheck', (bytes) => bytes.fill(0, 1024))
  change(machine, '/data/store/commitlog/00000000000000000000', (bytes) => bytes.write('D', bytes.indexOf('damaged')))
  await machine.start()
  await cluster.sleep(70_000)
  expect(await bodies(newBroker(cluster))).toEqual(['whole'])
})

describe('when the disk', () => {
  test('is full, a message that waits comes once there is space again', async () => {
    const { cluster, machine, broker } = await withTopic()
    await send(broker, 'a', { TIMER_DELAY_SEC: '3' })
    machine.faults.add({ label: 'full', operation: 'write', path: /timerlog|commitlog/, kind: 'no-space', count: 20 })
    await cluster.sleep(60_000)
    expect(await bodies(broker)).toEqual(['a'])
  })

  test('fails to write what waits, the store takes no more writes, and says so', async () => {
    const { cluster, machine, broker } = await withTopic()
    machine.faults.add({ label: 'broken', operation: 'write', path: /timerlog/, kind: 'EIO' })
    await send(broker, 'a', { TIMER_DELAY_SEC: '3' })
    await cluster.sleep(3000)
    await expect(send(broker, 'b', {})).rejects.toMatchObject({ code: 14 })
    await machine.restart()
    await cluster.sleep(5000)
    expect(await bodies(newBroker(cluster))).toEqual(['a'])
  })
})

describe('what fell due', () => {
  const delays = [40, 10, 30, 20, 10]

  test.each([
    ['stopped', 0],
    ['killed', 0],
    ['stopped for a month', 30 * dayMs],
  ])('while the broker was %s comes in the order of time', async (how, downMs) => {
    const { cluster, machine, broker } = await withTopic()
    for (const [index, delay] of delays.entries()) {
      await send(broker, `${delay}.${index}`, { TIMER_DELAY_SEC: String(delay) })
    }
    if (how === 'killed') machine.kill()
    else await machine.stop()
    await cluster.sleep(60_000)
    machine.jumpClock(downMs)
    await machine.start()
    await cluster.sleep(5000)
    expect(await bodies(newBroker(cluster))).toEqual(['10.1', '10.4', '20.3', '30.2', '40.0'])
  })

  test('while the broker was killed comes in the order of time, though it had just been sent', async () => {
    const { cluster, machine, broker } = await withTopic()
    const order = Array.from({ length: 500 }, (_, index) => (index * 7919) % 500)
    const dueMs = machine.wallMs + 1000
    const sending = order.map((number) =>
      send(broker, String(number), { TIMER_DELIVER_MS: String(dueMs + number * 1000) }),
    )
    await sending[0]
    machine.kill()
    await Promise.allSettled(sending)
    await cluster.sleep(400_000)
    await machine.start()
    await cluster.sleep(150_000)
    const numbers = (await bodies(newBroker(cluster))).map(Number)
    // More than the broker reads at once.
    expect(numbers.length).toBeGreaterThan(128)
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other))
  })

  test('comes when the clock was set back, none of it early', async () => {
    const { cluster, machine, broker } = await withTopic()
    await send(broker, 'before', { TIMER_DELAY_SEC: '20' })
    await cluster.sleep(5000)
    const dueMs = machine.wallMs + 15_000
    machine.jumpClock(-3_600_000)
    await cluster.sleep(1500)
    await send(broker, 'after', { TIMER_DELAY_SEC: '20' })
    await cluster.sleep(30_000)
    expect(await bodies(broker)).toEqual(['after'])
    machine.jumpClock(3_600_000 - 20_000)
    await cluster.sleep(dueMs - machine.wallMs + 3000)
    expect(await bodies(broker)).toEqual(['after', 'before'])
    for (const message of await delivered(broker)) {
      const outMs = Number(message.properties.get('TIMER_OUT_MS'))
      expect(message.storeTimestamp).toBeGreaterThan(outMs)
    }
  })

  test('comes when the clock was a year ahead for a while', async () => {
    const { cluster, machine, broker } = await withTopic()
    machine.jumpClock(365 * dayMs)
    await send(broker, 'then', { TIMER_DELAY_SEC: '20' })
    await cluster.sleep(3000)
    machine.jumpClock(-365 * dayMs)
    await cluster.sleep(3000)
    await send(broker, 'now', { TIMER_DELAY_SEC: '20' })
    await cluster.sleep(3000)
    machine.kill()
    await machine.start()
    const after = newBroker(cluster)
    await cluster.sleep(25_000)
    expect(await bodies(after)).toEqual(['now'])
    machine.jumpClock(365 * dayMs)
    await cluster.sleep(10_000)
    expect(await bodies(after)).toEqual(['now', 'then'])
  })

  test('comes although files of the log are deleted sooner than it was said when it was sent', async () => {
    const { cluster, machine, broker } = await withTopic({ mappedFileSizeCommitLog: '65536' })
    const dueMs = machine.wallMs + 40 * hourMs
    await send(broker, 'a', { TIMER_DELAY_SEC: String(40 * 3600) })
    for (let count = 0; count < 80; count++) await broker.send({ topic: 'T', queueId: 0, body: 'x'.repeat(1000) })
    await cluster.sleep(3000)
    machine.jumpClock(30 * hourMs)
    await cluster.sleep(3000)
    await broker.changeSettings({ fileReservedTime: '2' })
    await cluster.sleep(5000)
    await broker.ask(commands.deleteExpiredCommitlog, {})
    await cluster.sleep(1000)
    expect((await broker.ask(commands.getMinOffset, { topic: 'T', queueId: 0 })).header.offset).toBeGreaterThan(0)
    machine.jumpClock(dueMs - machine.wallMs - 5000)
    await cluster.sleep(10_000)
    expect(await bodies(broker)).toEqual(['a'])
  })

  test('comes at its time with a precision whose wheel spans less than it waits', async () => {
    const { cluster, machine, broker } = await withTopic()
    const dueMs = machine.wallMs + dayMs
    await send(broker, 'a', { TIMER_DELAY_SEC: '86400' })
    await cluster.sleep(3000)
    await broker.changeSettings({ timerPrecisionMs: '10' })
    await machine.stop()
    await machine.start()
    const after = newBroker(cluster)
    while (machine.wallMs < dueMs - 60_000) {
      await cluster.sleep(3000)
      machine.jumpClock(Math.min(600_000, dueMs - 50_000 - machine.wallMs))
    }
    await cluster.sleep(dueMs - 1000 - machine.wallMs)
    expect(await bodies(after)).toEqual([])
    await cluster.sleep(3000)
    expect(await bodies(after)).toEqual(['a'])
  })

  test('comes by the clock as it is when that was set back while nothing waited', async () => {
    const { cluster, machine, broker } = await withTopic()
    await send(broker, 'before', { TIMER_DELAY_SEC: '2' })
    await cluster.sleep(5000)
    machine.jumpClock(-3_600_000)
    await send(broker, 'after', { TIMER_DELAY_SEC: '5' })
    await cluster.sleep(4500)
    expect(await bodies(broker)).toEqual(['before'])
    await cluster.sleep(4000)
    expect(await bodies(broker)).toEqual(['before', 'after'])
  })

  test('is told by the runtime information until it was delivered', async () => {
    const { cluster, broker } = await withTopic()
    for (const delay of delays) await send(broker, 'a', { TIMER_DELAY_SEC: String(delay) })
    await cluster.sleep(1000)
    const info = async () => {
      const { body } = await broker.ask(commands.getBrokerRuntimeInfo, {})
      const table = (JSON.parse(body.toString('utf8')) as { table: Record<string, string> }).table
      return ['timerReadBehind', 'timerOffsetBehind', 'timerCongestNum'].map((key) => Number(table[key]))
    }
    expect(await info()).toEqual([0, 0, 5])
    await cluster.sleep(45_000)
    expect(await info()).toEqual([0, 0, 0])
  })
})
