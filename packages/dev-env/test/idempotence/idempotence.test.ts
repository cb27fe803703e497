import { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { type BrokerMachine, type Cluster, type SendAnswer, startCluster } from '../../src/index.ts'

const settings = { idempotentProducerEnable: 'true' }

const numbered = (sequence: number, body: string, queueId = 0) => ({
  topic: 'T',
  queueId,
  body,
  properties: { __PRODUCER_ID: 'p', __PRODUCER_SEQUENCE: String(sequence), UNIQ_KEY: `u${sequence}` },
})

async function startWithTopic(brokerSettings: Record<string, string>, seed = 1) {
  const cluster = await startCluster({ brokerSettings, seed })
  const machine = cluster.brokers[0]!
  const broker = cluster.client.broker(machine)
  await broker.createTopic('T', 2)
  return { cluster, machine, broker }
}

describe('a message that its producer has numbered', () => {
  test('is stored once, and each send of it is answered with the first place', async () => {
    const { broker } = await startWithTopic(settings)
    const first = await broker.send(numbered(1, 'a'))
    await broker.send(numbered(2, 'b'))
    expect(await broker.send(numbered(1, 'a'))).toEqual(first)
    // Also when its sender has chosen another queue.
    expect(await broker.send(numbered(1, 'a', 1))).toEqual(first)
    expect((await broker.readQueue('T')).map(({ body }) => String(body))).toEqual(['a', 'b'])
    expect(await broker.readQueue('T', 1)).toEqual([])
  })

  test('is stored once when it is sent several times at once', async () => {
    const { broker } = await startWithTopic(settings)
    const answers = await Promise.all([1, 1, 2, 1, 2].map((sequence) => broker.send(numbered(sequence, 'a'))))
    expect(answers.map(({ queueOffset }) => queueOffset)).toEqual([0, 0, 1, 0, 1])
    expect(await broker.readQueue('T')).toHaveLength(2)
  })

  test('with a number far below the others is refused, since nobody knows whether it was stored', async () => {
    const { broker } = await startWithTopic({ ...settings, idempotentProducerWindow: '4' })
    for (const sequence of [1, 2, 3, 4, 5]) await broker.send(numbered(sequence, 'a'))
    await expect(broker.send(numbered(1, 'a'))).rejects.toMatchObject({ code: 13 })
    expect((await broker.send(numbered(2, 'a'))).queueOffset).toBe(1)
    // Gaps are no matter: what is above is new.
    expect((await broker.send(numbered(1000, 'a'))).queueOffset).toBe(5)
    expect((await broker.send(numbered(999, 'a'))).queueOffset).toBe(6)
    await expect(broker.send(numbered(996, 'a'))).rejects.toMatchObject({ code: 13 })
  })

  test('is refused when one of the two properties is missing or malformed, or when it is in a batch', async () => {
    const { broker } = await startWithTopic(settings)
    const unusable: Record<string, string>[] = [
      { __PRODUCER_ID: 'p' },
      { __PRODUCER_SEQUENCE: '1' },
      { __PRODUCER_ID: 'p', __PRODUCER_SEQUENCE: '-1' },
      { __PRODUCER_ID: 'p', __PRODUCER_SEQUENCE: '1.5' },
      { __PRODUCER_ID: 'p', __PRODUCER_SEQUENCE: '9223372036854775807' },
      { __PRODUCER_ID: 'p'.repeat(129), __PRODUCER_SEQUENCE: '1' },
    ]
    for (const properties of unusable) {
      await expect(broker.send({ topic: 'T', properties })).rejects.toMatchObject({ code: 13 })
    }
    await expect(broker.sendBatch([numbered(1, 'a'), numbered(2, 'b')])).rejects.toMatchObject({ code: 13 })
    expect(await broker.readQueue('T')).toEqual([])
  })

  test('is stored as often as it is sent where that is off, as it is unless asked for', async () => {
    const { broker } = await startWithTopic({})
    await broker.send(numbered(1, 'a'))
    await broker.send(numbered(1, 'a'))
    expect(await broker.readQueue('T')).toHaveLength(2)
  })

  test('is answered with the first place of a delayed message and of a half message, too', async () => {
    const { broker } = await startWithTopic(settings)
    for (const [sequence, properties] of [
      [1, { DELAY: '3' }],
      [2, { TRAN_MSG: 'true', PGROUP: 'g' }],
    ] as const) {
      const message = numbered(sequence, 'a', 1)
      const send = () => broker.send({ ...message, properties: { ...message.properties, ...properties } })
      const first = await send()
      expect(first.queueId).toBe(1)
      expect(await send()).toEqual(first)
    }
  })
})

const endings = ['kill', 'power'] as const
type Ending = (typeof endings)[number]

/** Lives of a broker, each of which a crash ends, with a producer that sends what has no answer again. */
async function crashRun(seed: number, crashes: Ending | 'either'): Promise<string[]> {
  const flushDiskType = crashes === 'kill' ? 'ASYNC_FLUSH' : 'SYNC_FLUSH'
  const { cluster, machine } = await startWithTopic(
    { ...settings, flushDiskType, idempotentProducerWindow: '64' },
    seed,
  )
  const random = new SeededRandom(seed)
  const answers = new Map<number, SendAnswer>()
  const problems: string[] = []
  let next = 0
  for (let life = 0; life < 4; life++) {
    const ending = crashes === 'either' ? random.pick(endings) : crashes
    if (ending === 'power') machine.losePowerAt(1 + random.below(random.pick([10, 60])))
    const killMs = random.below(random.pick([30, 3000, 12_000]))
    const cancelKill = cluster.simulation.after(killMs, () => {
      if (ending === 'kill') machine.kill()
    })
    const broker = cluster.newClient({ timeoutMs: 3000 }).broker(machine)
    for (let step = 0; step < 25 && machine.isAlive; step++) {
      const sequence = random.oneIn(2) ? next++ : Math.max(0, next - 1 - random.below(20))
      try {
        const answer = await broker.send(numbered(sequence, String(sequence)))
        const first = answers.get(sequence)
        if (first === undefined) answers.set(sequence, answer)
        else if (JSON.stringify(first) !== JSON.stringify(answer)) problems.push(`${sequence} has two places`)
      } catch {
        // Whether it is stored is not known: it may be sent again.
      }
      if (random.oneIn(5)) await cluster.sleep(random.pick([10, 6000]))
    }
    cancelKill()
    await crash(cluster, machine, ending)
  }
  machine.losePowerAt(Number.POSITIVE_INFINITY)
  const broker = cluster.newClient().broker(machine)
  // What was read in the log after a failure of the power counts as stored once it is synced again.
  await cluster.sleep(2000)
  for (let sequence = Math.max(0, next - 30); sequence < next; sequence++)
    await broker.send(numbered(sequence, String(sequence)))
  const found = (await broker.readQueue('T')).map(({ body, queueOffset }) => [String(body), queueOffset] as const)
  for (let sequence = 0; sequence < next; sequence++) {
    const places = found.filter(([body]) => body === String(sequence))
    if (places.length > 1) problems.push(`${sequence} is there ${places.length} times`)
    const answer = answers.get(sequence)
    if (answer !== undefined && places[0]?.[1] !== answer.queueOffset)
      problems.push(`${sequence} is not where it was said`)
  }
  return problems
}

async function crash(cluster: Cluster, machine: BrokerMachine, ending: Ending): Promise<void> {
  if (ending === 'kill') machine.kill()
  else if (machine.isAlive) machine.powerLoss()
  await cluster.sleep(1)
  await machine.startUntilUp()
}

describe.each(['kill', 'power', 'either'] as const)('over crashes by %s', (crashes) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'a numbered message is stored once, where its sender was told (seed %i)',
    async (seed) => {
      expect(await crashRun(seed, crashes)).toEqual([])
    },
  )
})
