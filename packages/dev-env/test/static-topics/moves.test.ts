import { commands, newSubscriptionGroupConfig, responseCodes, subscriptionGroupConfigBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import {
  type Cluster,
  type ClusterClient,
  moveGap,
  moveSteps,
  StaticTopicAdmin,
  startCluster,
  TransactionProducer,
} from '../../src/index.ts'
import { bodiesOf } from '../commands/scene.ts'
import { unlessCrashed } from '../unless-crashed.ts'

const topic = 'T'
const [one, two, three] = ['broker-1', 'broker-2', 'broker-3'] as const

async function start(
  brokers: number,
  leaders: readonly string[],
): Promise<{ cluster: Cluster; admin: StaticTopicAdmin }> {
  const cluster = await startCluster({ brokers })
  const admin = new StaticTopicAdmin(cluster, cluster.client, topic)
  await admin.create(leaders)
  return { cluster, admin }
}

describe('a logical queue that moved', () => {
  test('is read through its new leader from its first message on, with the offsets that senders were told', async () => {
    const { admin } = await start(3, [one])
    const sent: [string, number][] = []
    const send = async (broker: string, body: string) => {
      const { queueId, queueOffset } = await admin.calls(broker).send({ topic, body })
      expect(queueId).toBe(0)
      sent.push([body, queueOffset])
    }
    for (const body of ['a', 'b', 'c']) await send(one, body)
    await admin.move(0, two)
    for (const body of ['d', 'e']) await send(two, body)
    await admin.move(0, three)
    await send(three, 'f')
    expect(sent.map(([, offset]) => offset)).toEqual([0, 1, 2, 3 + moveGap, 4 + moveGap, 5 + 2 * moveGap])
    expect(await readAll(admin, three)).toEqual(sent)
    expect(await admin.leaders()).toEqual([three])
    expect(await admin.calls(three).maxOffset(topic)).toBe(6 + 2 * moveGap)
    expect((await admin.calls(three).ask(commands.getMinOffset, { topic, queueId: 0 })).header.offset).toBe(0)
  })

  test('comes back to a broker that led it before', async () => {
    const { admin } = await start(2, [one])
    await admin.calls(one).send({ topic, body: 'a' })
    await admin.move(0, two)
    await admin.calls(two).send({ topic, body: 'b' })
    await admin.move(0, one)
    await admin.calls(one).send({ topic, body: 'c' })
    expect((await readAll(admin, one)).map(([body]) => body)).toEqual(['a', 'b', 'c'])
  })

  test('is refused by its old leader, which answers waiting pulls at once', async () => {
    const { cluster, admin } = await start(2, [one])
    await admin.calls(one).send({ topic, body: 'a' })
    const startMs = cluster.simulation.monotonic()
    const waiting = admin.calls(one).pull({ topic, offset: 1, waitMs: 30_000 })
    await cluster.sleep(100)
    await admin.move(0, two)
    expect(await waiting).toMatchObject({ code: responseCodes.PULL_NOT_FOUND.code, nextOffset: 1 })
    expect(cluster.simulation.monotonic() - startMs).toBeLessThan(5000)
    const refused = { code: responseCodes.NOT_LEADER_FOR_QUEUE.code }
    await expect(admin.calls(one).pull({ topic, offset: 1 })).rejects.toMatchObject(refused)
    await expect(admin.calls(one).send({ topic, body: 'b' })).rejects.toMatchObject(refused)
  })

  test('holds pulls at its end, and wakes them', async () => {
    const { cluster, admin } = await start(2, [one])
    await admin.calls(one).send({ topic, body: 'a' })
    await admin.move(0, two)
    const moved = await admin.calls(two).pull({ topic, offset: 1, waitMs: 30_000 })
    expect(moved).toMatchObject({ code: responseCodes.PULL_RETRY_IMMEDIATELY.code, nextOffset: 1 + moveGap })
    const waiting = admin.calls(two).pull({ topic, offset: moved.nextOffset, waitMs: 30_000 })
    await cluster.sleep(1000)
    await admin.calls(two).send({ topic, body: 'b' })
    expect(bodiesOf((await waiting).messages)).toEqual(['b'])
  })

  test('lets pulls wait a moment while it is not decided where it goes on, instead of having them come at once', async () => {
    const { cluster, admin } = await start(2, [one])
    await admin.calls(one).send({ topic, body: 'a' })
    await admin.move(0, two, async (step) => {
      if (step !== 'offset') return
      expect(await admin.calls(two).send({ topic, body: 'b' })).toMatchObject({ queueId: 0, queueOffset: -1 })
      const startMs = cluster.simulation.monotonic()
      const answer = await admin.calls(two).pull({ topic, offset: 1, waitMs: 30_000 })
      expect(answer).toMatchObject({ code: responseCodes.PULL_NOT_FOUND.code, nextOffset: 1 })
      expect(cluster.simulation.monotonic() - startMs).toBeGreaterThanOrEqual(500)
      expect(await admin.calls(two).maxOffset(topic)).toBe(1)
    })
    expect((await readAll(admin, two)).map(([body]) => body)).toEqual(['a', 'b'])
  })

  test('answers pulls that wait at its end as soon as it is decided where it goes on', async () => {
    const { cluster, admin } = await start(2, [one])
    await admin.calls(one).send({ topic, body: 'a' })
    let waiting: Promise<unknown> | undefined
    let startMs = 0
    await admin.move(0, two, async (step) => {
      if (step !== 'offset') return
      // The address of the other broker is looked up for the first one.
      await admin.calls(two).pull({ topic, offset: 1 })
      startMs = cluster.simulation.monotonic()
      waiting = admin.calls(two).pull({ topic, offset: 1, waitMs: 30_000 })
      await cluster.sleep(20)
      expect(admin.machine(two).server.stats().reading.heldPulls).toBe(1)
    })
    expect(await waiting).toMatchObject({ code: responseCodes.PULL_NOT_FOUND.code, nextOffset: 1 })
    expect(cluster.simulation.monotonic() - startMs).toBeLessThan(500)
    expect((await readAll(admin, two)).map(([body]) => body)).toEqual(['a'])
  })

  test('is given from its old parts to those alone who may pull from its leader', async () => {
    const { admin } = await start(2, [one])
    await admin.calls(one).send({ topic, body: 'a' })
    await admin.move(0, two)
    const group = 'forbidden'
    for (const broker of [one, two]) {
      const config = newSubscriptionGroupConfig(group, { consumeEnable: broker === one })
      const body = subscriptionGroupConfigBody.encode(config)
      await admin.calls(broker).ask(commands.updateAndCreateSubscriptiongroup, {}, body)
    }
    const refused = { code: responseCodes.NO_PERMISSION.code }
    await expect(admin.calls(two).pull({ topic, group, offset: 0 })).rejects.toMatchObject(refused)
    await admin.calls(two).ask(commands.updateBrokerConfig, {}, Buffer.from('brokerPermission=2\n'))
    await expect(admin.calls(two).pull({ topic, offset: 0 })).rejects.toMatchObject(refused)
    await expect(admin.calls(two).pull({ topic, offset: 1 })).rejects.toMatchObject(refused)
  })

  test('has no more of its old parts fetched for a client that stands still than that takes, and all of it later', async () => {
    const { cluster, admin } = await start(2, [one])
    for (let count = 0; count < 4; count++) await admin.calls(one).send({ topic, body: Buffer.alloc(60_000) })
    await admin.move(0, two)
    const slow = cluster.newClient({ timeoutMs: 60_000 })
    const pull = (client: ClusterClient) => admin.calls(two, client).pull({ topic, offset: 0 })
    await pull(slow)
    const pulled = Array.from({ length: 60 }, () => pull(slow))
    await cluster.sleep(30)
    slow.process.pause()
    await cluster.sleep(10_000)
    // Of 15 MB.
    expect(admin.machine(two).server.stats().reading.pacedReads).toBeGreaterThan(20)
    const startMs = cluster.simulation.monotonic()
    expect((await pull(admin.client)).messages).toHaveLength(4)
    expect(cluster.simulation.monotonic() - startMs).toBeLessThan(500)
    slow.process.resume()
    for (const { messages } of await Promise.all(pulled)) expect(messages).toHaveLength(4)
  })

  test('does not keep its leader from stopping when a broker of an old part hangs', async () => {
    const { cluster, admin } = await start(2, [one])
    await admin.calls(one).send({ topic, body: 'a' })
    await admin.move(0, two)
    admin.machine(one).pause()
    const pulled = Array.from({ length: 20 }, () =>
      admin
        .calls(two)
        .pull({ topic, offset: 0 })
        .catch(() => 'failed'),
    )
    await cluster.sleep(10)
    const startMs = cluster.simulation.monotonic()
    await admin.machine(two).stop()
    expect(cluster.simulation.monotonic() - startMs).toBeLessThan(7000)
    expect(new Set(await Promise.all(pulled))).toEqual(new Set(['failed']))
    admin.machine(one).resume()
  })

  test('is read without a wait from a broker whose address is known, while no name server answers', async () => {
    const { cluster, admin } = await start(2, [one])
    await admin.calls(one).send({ topic, body: 'a' })
    await admin.move(0, two)
    const tookMs = async (): Promise<number> => {
      const startMs = cluster.simulation.monotonic()
      expect((await admin.calls(two).pull({ topic, offset: 0 })).messages).toHaveLength(1)
      return cluster.simulation.monotonic() - startMs
    }
    await tookMs()
    for (const nameServer of cluster.nameServers) nameServer.pause()
    for (let time = 0; time < 5; time++) {
      await cluster.sleep(15_000)
      expect(await tookMs()).toBeLessThan(500)
    }
    for (const nameServer of cluster.nameServers) nameServer.resume()
  })

  test('does not take a commit back into an older part once there is one in a newer part', async () => {
    const { admin } = await start(2, [one])
    for (const body of ['a', 'b']) await admin.calls(one).send({ topic, body })
    await admin.move(0, two)
    await admin.calls(two).send({ topic, body: 'c' })
    const group = 'back'
    for (const broker of [one, two]) await admin.calls(broker).heartbeat([{ group, topics: { [topic]: '*' } }])
    const calls = admin.calls(two)
    await calls.commitOffset(group, topic, 0, 2)
    await calls.commitOffset(group, topic, 0, 1)
    expect(await calls.committedOffset(group, topic, 0)).toBe(1)
    await calls.commitOffset(group, topic, 0, 2 + moveGap)
    await calls.commitOffset(group, topic, 0, 1)
    expect(await calls.committedOffset(group, topic, 0)).toBe(2 + moveGap)
  })

  test('keeps the offsets of groups, wherever they are in it', async () => {
    const { admin } = await start(2, [one])
    for (const body of ['a', 'b']) await admin.calls(one).send({ topic, body })
    const inOld = 'in-old'
    const inNew = 'in-new'
    for (const group of [inOld, inNew]) {
      for (const broker of [one, two]) {
        await admin.calls(broker).heartbeat([{ group, topics: { [topic]: '*' } }])
      }
      await admin.calls(one).commitOffset(group, topic, 0, 1)
    }
    await admin.move(0, two)
    await admin.calls(two).send({ topic, body: 'c' })
    expect(await admin.calls(two).committedOffset(inOld, topic, 0)).toBe(1)
    // By a pull of the old item, and by one of the new item.
    await admin.calls(two).pull({ topic, group: inOld, offset: 1, commitOffset: 2 })
    await admin.calls(two).pull({ topic, group: inNew, offset: 1, commitOffset: 2 + moveGap })
    await admin
      .calls(two)
      .commitOffset('other', topic, 0, 0)
      .catch(() => {})
    expect(await admin.calls(two).committedOffset(inNew, topic, 0)).toBe(2 + moveGap)
    await admin.calls(two).commitOffset(inNew, topic, 0, 3 + moveGap)
    expect(await admin.calls(two).committedOffset(inNew, topic, 0)).toBe(3 + moveGap)
    expect(await admin.calls(two).committedOffset(inOld, topic, 0)).toBe(2)
    expect(await admin.calls(two).committedOffset('nobody', topic, 0)).toBeUndefined()
  })

  test('is searched by time from its oldest message on', async () => {
    const { cluster, admin } = await start(2, [one])
    const times: number[] = []
    const send = async (broker: string, body: string) => {
      times.push(admin.machine(broker).wallMs)
      await admin.calls(broker).send({ topic, body })
      await cluster.sleep(1000)
    }
    for (const body of ['a', 'b']) await send(one, body)
    await admin.move(0, two)
    for (const body of ['c', 'd']) await send(two, body)
    const found = (timestamp: number, boundary: 'lower' | 'upper') =>
      admin.calls(two).offsetByTime(topic, 0, timestamp, boundary)
    const offsets = [0, 1, 2 + moveGap, 3 + moveGap]
    expect(await Promise.all(times.map((time) => found(time, 'lower')))).toEqual(offsets)
    expect(await Promise.all(times.map((time) => found(time + 900, 'upper')))).toEqual(offsets)
    expect(await found(0, 'lower')).toBe(0)
    expect(await found(times.at(-1)! + 5000, 'lower')).toBe(4 + moveGap)
    const { header } = await admin.calls(two).ask(commands.getEarliestMsgStoretime, { topic, queueId: 0 })
    expect(header.timestamp).toBeGreaterThanOrEqual(times[0]!)
    expect(header.timestamp).toBeLessThan(times[1]!)
  })

  test('tells that a broker which holds a part of it is away, and goes on when that is back', async () => {
    const { cluster, admin } = await start(2, [one])
    await admin.calls(one).send({ topic, body: 'a' })
    await admin.move(0, two)
    await admin.calls(two).send({ topic, body: 'b' })
    admin.machine(one).kill()
    await expect(admin.calls(two).pull({ topic, offset: 0 })).rejects.toMatchObject({
      code: responseCodes.SYSTEM_ERROR.code,
    })
    expect(bodiesOf((await admin.calls(two).pull({ topic, offset: 1 + moveGap })).messages)).toEqual(['b'])
    await admin.machine(one).start()
    await cluster.sleep(2000)
    expect((await readAll(admin, two)).map(([body]) => body)).toEqual(['a', 'b'])
  })
})

describe('a message that waits while its queue moves', () => {
  /** The bodies of both queues, after what waited has come. */
  async function bodiesOfAll(cluster: Cluster, admin: StaticTopicAdmin): Promise<string[]> {
    await cluster.sleep(15_000)
    const found: string[] = []
    for (const id of [0, 1]) {
      const calls = admin.calls(admin.leaderOf(id))
      for (let offset = 0; ; ) {
        const pulled = await calls.pull({ topic, queueId: id, offset })
        found.push(...bodiesOf(pulled.messages))
        if (pulled.messages.length === 0 && pulled.nextOffset <= offset) break
        offset = pulled.nextOffset
      }
    }
    return found.sort()
  }

  const waiting = async (admin: StaticTopicAdmin): Promise<string[]> => {
    const calls = admin.calls(one)
    await calls.send({ topic, body: 'by level', properties: { DELAY: '2' } })
    await calls.send({ topic, body: 'by timer', properties: { TIMER_DELAY_MS: '5000' } })
    return ['by level', 'by timer']
  }

  /** Reads the old parts to their ends before anything comes, so that what came there late would be passed by. */
  const passOld = async (admin: StaticTopicAdmin, leader: string): Promise<void> => {
    const { header } = await admin.calls(leader).ask(commands.getMaxOffset, { topic, queueId: 0, committed: true })
    expect(header.offset).toBeGreaterThanOrEqual(moveGap)
  }

  test('comes into another queue that its broker leads', async () => {
    const { cluster, admin } = await start(2, [one, one])
    const bodies = await waiting(admin)
    await admin.move(0, two)
    await passOld(admin, two)
    expect(await bodiesOfAll(cluster, admin)).toEqual(bodies)
    expect(await admin.calls(one).maxOffset(topic, 1)).toBe(bodies.length)
  })

  test('comes into the newest part when its queue has come back', async () => {
    const { cluster, admin } = await start(2, [one, two])
    const bodies = await waiting(admin)
    await admin.move(0, two)
    await admin.move(0, one)
    await passOld(admin, one)
    expect(await bodiesOfAll(cluster, admin)).toEqual(bodies)
    expect(await admin.calls(one).maxOffset(topic, 0)).toBe(bodies.length + 2 * moveGap)
  })

  test('comes with its transaction', async () => {
    const { cluster, admin } = await start(2, [one, one])
    const producer = new TransactionProducer(admin.client, () => admin.calls(one))
    const half = await producer.prepare(topic, 'committed late')
    await admin.move(0, two)
    expect(await producer.end(half, 'commit')).toBe('SUCCESS')
    const other = new TransactionProducer(admin.client, () => admin.calls(two), 'others')
    expect(await other.end(await other.prepare(topic, 'committed there'), 'commit')).toBe('SUCCESS')
    expect(await bodiesOfAll(cluster, admin)).toEqual(['committed late', 'committed there'])
  })
})

describe('an old part whose messages are gone', () => {
  test('is forgotten by the leader in the hours of deletion, and so is a queue that moved on by who led it', async () => {
    const cluster = await startCluster({
      brokers: 3,
      brokerSettings: { fileReservedTime: '1', deleteWhen: Array.from({ length: 24 }, (_, hour) => hour).join(';') },
    })
    const admin = new StaticTopicAdmin(cluster, cluster.client, topic)
    await admin.create([one])
    for (let count = 0; count < 20; count++) await admin.calls(one).send({ topic, body: Buffer.alloc(60_000) })
    // The newest file of a log is never deleted: others make it theirs.
    await admin.calls(one).createTopic('other', 1)
    for (let count = 0; count < 8; count++) await admin.calls(one).send({ topic: 'other', body: Buffer.alloc(60_000) })
    await admin.move(0, two)
    await admin.move(0, three)
    await admin.calls(three).send({ topic, body: 'left' })
    await within(15, async () => (await admin.told(one))!.hostedQueues.size === 0)
    expect((await admin.told(two))!.hostedQueues.size).toBe(1)
    expect((await admin.told(three))!.hostedQueues.get(0)).toHaveLength(3)
    await cluster.sleep(2 * 3_600_000)
    await admin.calls(one).ask(commands.deleteExpiredCommitlog, {})
    await within(30, async () => (await admin.told(three))!.hostedQueues.get(0)!.length === 1)
    expect((await readAll(admin, three)).map(([body]) => body)).toEqual(['left'])
    // A group that was in it goes on where the rest begins.
    const { logicOffset } = (await admin.told(three))!.hostedQueues.get(0)![0]!
    const calls = admin.calls(three)
    await calls.heartbeat([{ group: 'g', topics: { [topic]: '*' } }])
    await calls.commitOffset('g', topic, 0, 5)
    expect(await calls.committedOffset('g', topic, 0)).toBe(logicOffset)
    await calls.commitOffset('g', topic, 0, logicOffset + 1)
    await calls.pull({ topic, group: 'g', offset: 5, commitOffset: 5 })
    expect(await calls.committedOffset('g', topic, 0)).toBe(logicOffset)
    await expect(calls.commitOffset('g', topic, 0, -1)).rejects.toMatchObject({
      code: responseCodes.INVALID_PARAMETER.code,
    })

    async function within(minutes: number, isSo: () => Promise<boolean>): Promise<void> {
      for (let minute = 0; minute < minutes; minute++) {
        if (await isSo()) return
        await cluster.sleep(60_000)
      }
      expect(await isSo()).toBe(true)
    }
  })
})

describe('while queues move among three brokers', () => {
  test.each([1, 2, 3, 4])(
    'nothing that was answered is lost, offsets ascend, and groups go on where they were (seed %i)',
    async (seed) => {
      const cluster = await startCluster({ brokers: 3, seed })
      const admin = new StaticTopicAdmin(cluster, cluster.client, topic)
      const queues = [0, 1]
      await admin.create([one, two])
      let isMoving = true
      let consumersEnd = false
      const acked = queues.map(() => new Map<string, number>())
      const seen = queues.map(() => [] as [body: string, offset: number][])
      const producers = queues.map((id) => produce(id, cluster.newClient({ timeoutMs: 2000 })))
      const consumers = queues.map((id) => consume(id, cluster.newClient({ timeoutMs: 2000 })))
      const places = [one, two, three]
      for (let move = 0; move < 6; move++) {
        const id = move % 2
        const from = admin.leaderOf(id)
        const to = places.find((broker, index) => broker !== from && (index + seed + move) % 2 === 0) ?? three
        if (to === from) continue
        await admin.move(id, to, async (step) => {
          await cluster.sleep(50)
          // A broker dies between two steps, and comes back before the next one.
          if (moveSteps[(seed + move) % moveSteps.length] !== step) return
          const dying = admin.machine(places[(seed + move) % 3]!)
          dying.kill()
          await cluster.sleep(300)
          await dying.startUntilUp()
        })
        await cluster.sleep(400)
      }
      isMoving = false
      await Promise.all(producers)
      const counts = () => queues.map((id) => `${new Set(seen[id]!.map(([body]) => body)).size}/${acked[id]!.size}`)
      await cluster.until(
        `everything is consumed: ${counts()}`,
        () => queues.every((id) => [...acked[id]!.keys()].every((body) => seen[id]!.some(([other]) => other === body))),
        120_000,
      )
      consumersEnd = true
      await Promise.all(consumers)
      for (const id of queues) {
        expect(acked[id]!.size).toBeGreaterThan(20)
        const offsets = seen[id]!.map(([, offset]) => offset)
        expect(offsets).toEqual([...new Set(offsets)].toSorted((left, right) => left - right))
        const offsetOf = new Map(seen[id]!)
        // While it is not decided where a queue goes on, senders are told -1.
        for (const [body, offset] of acked[id]!) if (offset >= 0) expect(offsetOf.get(body)).toBe(offset)
      }

      async function produce(id: number, client: ClusterClient): Promise<void> {
        let leader = admin.leaderOf(id)
        for (let number = 0; isMoving; number++) {
          const body = `${id}.${number}`
          await unlessCrashed(async () => {
            try {
              const answer = await admin.calls(leader, client).send({ topic, queueId: id, body })
              expect(answer.queueId).toBe(id)
              acked[id]!.set(body, answer.queueOffset)
            } catch (error) {
              leader = (await admin.leaders(client))[id] ?? leader
              throw error
            }
          })
          if (!leader.startsWith('broker')) leader = one
          await cluster.sleep(20)
        }
      }

      async function consume(id: number, client: ClusterClient): Promise<void> {
        let leader = admin.leaderOf(id)
        let offset = 0
        while (!consumersEnd) {
          await unlessCrashed(async () => {
            try {
              const pulled = await admin.calls(leader, client).pull({
                ...{ topic, queueId: id, offset, group: `g${id}`, countMax: 7, waitMs: 300 },
                commitOffset: offset,
              })
              for (const { body, queueOffset } of pulled.messages) {
                seen[id]!.push([String(body), queueOffset + pulled.offsetDelta])
              }
              expect(pulled.nextOffset).toBeGreaterThanOrEqual(offset)
              offset = pulled.nextOffset
            } catch (error) {
              leader = (await admin.leaders(client))[id] ?? leader
              throw error
            }
          })
          if (!leader.startsWith('broker')) leader = one
          await cluster.sleep(10)
        }
      }
    },
    60_000,
  )
})

/** All messages of the only queue, with their offsets. */
async function readAll(admin: StaticTopicAdmin, leader: string): Promise<[string, number][]> {
  const found: [string, number][] = []
  for (let offset = 0; ; ) {
    const pulled = await admin.calls(leader).pull({ topic, offset })
    found.push(
      ...pulled.messages.map(({ body, queueOffset }): [string, number] => [
        String(body),
        queueOffset + pulled.offsetDelta,
      ]),
    )
    if (pulled.messages.length === 0 && pulled.nextOffset <= offset) return found
    offset = pulled.nextOffset
  }
}
