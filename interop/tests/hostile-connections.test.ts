import { commands, encodeFrame, type RequestOf, responseCodes } from '@rocketmq-ts/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { type Battlefield, openBattlefield } from '../hostile/attack.ts'
import { establishedConnections, residentBytes, residentBytesMax } from '../hostile/process-facts.ts'
import { connectPeers, RawPeer } from '../hostile/raw-peer.ts'
import { sizes } from '../hostile/sizes.ts'
import { pollUntil, within } from '../targets/deadline.ts'

const mebibyte = 1024 * 1024

/** A pull, waiting in the broker for `waitMs` when there is nothing. */
function pullFrame(topic: string, queueOffset: number, waitMs: number, opaque = 1): Buffer {
  const header: RequestOf<typeof commands.pullMessage> = {
    consumerGroup: 'crowd',
    topic,
    queueId: 0,
    queueOffset,
    maxMsgNums: 32,
    sysFlag: 4 | (waitMs > 0 ? 2 : 0),
    commitOffset: 0,
    suspendTimeoutMillis: waitMs,
    subscription: '*',
    subVersion: 0,
  }
  const { code, requestCodec: codec } = commands.pullMessage
  return encodeFrame({ code, opaque, flag: 0, header, codec, serializeType: 'JSON' })
}

function maxOffsetFrame(topic: string): Buffer {
  const { code, requestCodec: codec } = commands.getMaxOffset
  const header = { topic, queueId: 0, committed: true }
  return encodeFrame({ code, opaque: 1, flag: 0, header, codec, serializeType: 'JSON' })
}

async function createTopic(address: string, topic: string, bodies: readonly Buffer[] = []): Promise<void> {
  const client = await BrokerClient.connect(address)
  await client.createTopic(topic, 1)
  for (const body of bodies) await client.send({ topic, queueId: 0, body, properties: {} })
  client.close()
}

async function allAnswered(peers: readonly RawPeer[], count = 1): Promise<void> {
  await pollUntil(`${count} answers to each peer`, async () => {
    const missing = peers.filter(({ answers }) => answers.length < count)
    const closed = missing.filter(({ isClosed }) => isClosed).length
    if (closed > 0) throw new Error(`${closed} connections were closed without an answer`)
    return missing.length === 0 || { notYet: `${missing.length} are missing` }
  })
}

describe('a broker goes on serving others in bounded memory', () => {
  let field: Battlefield
  beforeAll(async () => {
    field = await openBattlefield('hostile-connections')
  })
  afterAll(async () => {
    await field?.dispose()
  })
  const expectServed = async (): Promise<void> => {
    await field.good.isServed()
    const { now, peak } = residentBytes(field.brokerPid)
    expect(peak, `peak of resident memory; ${now} bytes now`).toBeLessThan(residentBytesMax)
  }

  it(`with ${sizes.idleConnections} idle connections`, async () => {
    const peers = await connectPeers(field.broker, sizes.idleConnections)
    // Half of them never say a word.
    const talkers = peers.filter((_, index) => index % 2 === 0)
    for (const peer of talkers) peer.write(maxOffsetFrame('good'))
    await allAnswered(talkers)
    await expectServed()
    expect(peers.filter(({ isClosed }) => isClosed)).toEqual([])
    for (const peer of peers) peer.destroy()
    await expectServed()
  })

  it(`with ${sizes.longPollingConsumers} consumers that wait for messages, and gives all of them the next one`, async () => {
    await createTopic(field.broker, 'awaited')
    const peers = await connectPeers(field.broker, sizes.longPollingConsumers)
    for (const peer of peers) peer.write(pullFrame('awaited', 0, 100_000))
    await expectServed()
    expect(peers.filter(({ answers }) => answers.length > 0)).toEqual([])
    const client = await BrokerClient.connect(field.broker)
    await client.send({ topic: 'awaited', queueId: 0, body: Buffer.from('at last'), properties: {} })
    client.close()
    await allAnswered(peers)
    const wrong = peers.filter(({ answers: [answer] }) => answer!.code !== 0 || !answer!.body?.includes('at last'))
    expect(wrong).toEqual([])
    for (const peer of peers) peer.destroy()
    await expectServed()
  })

  it(`while ${sizes.largeMessageConsumers} consumers wait for a large message, and closes none of them`, async () => {
    await createTopic(field.broker, 'large-awaited')
    const peers = await connectPeers(field.broker, sizes.largeMessageConsumers)
    for (const peer of peers) peer.write(pullFrame('large-awaited', 0, 100_000))
    await expectServed()
    const client = await BrokerClient.connect(field.broker)
    const body = Buffer.alloc(3.9 * mebibyte, 0x61)
    await client.send({ topic: 'large-awaited', queueId: 0, body, properties: {} })
    client.close()
    // Two gigabytes go through one process that reads them.
    await allAnswered(peers)
    const wrong = peers.filter(({ answers: [answer] }) => answer!.code !== 0 || !answer!.body?.includes(body))
    expect(wrong).toEqual([])
    for (const peer of peers) peer.destroy()
    await expectServed()
  })

  it('gives one connection only so many places for pulls that wait, and the others theirs', async () => {
    await createTopic(field.broker, 'greedy')
    const [greedy, modest] = await connectPeers(field.broker, 2)
    const asked = 20_500
    const frames = Array.from({ length: asked }, (_, opaque) => pullFrame('greedy', 0, 100_000, opaque))
    greedy!.write(Buffer.concat(frames))
    await pollUntil('answers to what is beyond the limit', async () => {
      return greedy!.answers.length >= 500 || { notYet: `${greedy!.answers.length} answers` }
    })
    expect(greedy!.answers).toHaveLength(500)
    for (const { code, remark } of greedy!.answers) {
      expect(code).toBe(responseCodes.SYSTEM_BUSY.code)
      expect(remark).toMatch(/20000 pulls of this connection wait .* more connections/)
    }
    modest!.write(pullFrame('greedy', 0, 1))
    await allAnswered([modest!])
    expect(modest!.answers[0]!.code).toBe(responseCodes.PULL_NOT_FOUND.code)
    for (const peer of [greedy!, modest!]) peer.destroy()
    await expectServed()
  })

  it('while clients come and go in a flood', async () => {
    const frame = maxOffsetFrame('good')
    let left = sizes.floodedConnects
    const flood = async (): Promise<void> => {
      while (left-- > 0) {
        const peer = await RawPeer.connect(field.broker)
        // Some say something, some leave in the middle of it, some say nothing.
        if (left % 3 === 0) peer.write(frame)
        if (left % 3 === 1) peer.write(frame.subarray(0, 20))
        if (left % 2 === 0) peer.socket.resetAndDestroy()
        else peer.destroy()
      }
    }
    await Promise.all(Array.from({ length: 100 }, flood))
    await expectServed()
  })

  it('while clients begin large frames and never end them', async () => {
    const head = Buffer.alloc(8)
    head.writeInt32BE(16 * mebibyte, 0)
    head.writeInt32BE(100, 4)
    const part = Buffer.alloc(mebibyte, 0x20)
    const peers: RawPeer[] = []
    while (peers.length < sizes.unfinishedFrames) {
      const next = await connectPeers(field.broker, 20)
      for (const peer of next) {
        peer.write(head)
        peer.write(part)
      }
      peers.push(...next)
      // Each has been taken, or the connection was closed.
      await pollUntil('the parts on their way', async () => {
        const waiting = next.filter(({ socket, isClosed }) => !isClosed && socket.writableLength > 0).length
        return waiting === 0 || { notYet: `${waiting} are not read` }
      })
    }
    await expectServed()
    for (const peer of peers) peer.destroy()
  })

  it('while clients pull and pull and never read the answers', async () => {
    const bodies = Array.from({ length: 64 }, () => Buffer.alloc(512 * 1024, 0x61))
    await createTopic(field.broker, 'large', bodies)
    const peers = await connectPeers(field.broker, sizes.unreadingPeers)
    for (const peer of peers) {
      peer.socket.pause()
      const frames = Array.from({ length: 2000 }, (_, index) => pullFrame('large', index % bodies.length, 0, index))
      peer.write(Buffer.concat(frames))
    }
    await field.good.isServed(200)
    await expectServed()
    for (const peer of peers) peer.destroy()
    await expectServed()
  })
})

describe('a broker', () => {
  it('closes connections that are silent, or never read, for longer than the limit', async () => {
    const field = await openBattlefield('hostile-idle', { serverChannelMaxIdleTimeSeconds: '5' })
    try {
      const bodies = Array.from({ length: 4 }, () => Buffer.alloc(512 * 1024, 0x61))
      await createTopic(field.broker, 'large', bodies)
      const silent = await connectPeers(field.broker, 50)
      const unfinished = await connectPeers(field.broker, 50)
      for (const peer of unfinished) peer.write(maxOffsetFrame('good').subarray(0, 11))
      const unreading = await connectPeers(field.broker, 10)
      for (const peer of unreading) {
        peer.socket.pause()
        peer.write(Buffer.concat(Array.from({ length: 500 }, (_, index) => pullFrame('large', index % 4, 0, index))))
      }
      const idle = [...silent, ...unfinished]
      await within('closing of the silent', Promise.all(idle.map(({ closed }) => closed)))
      // The broker knows of its good client's two connections only, once it has closed all others.
      await pollUntil('closing of those that never read', async () => {
        const open = establishedConnections(field.broker)
        return open <= 2 || { notYet: `${open} are open` }
      })
      for (const peer of unreading) peer.destroy()
      await field.good.isServed()
    } finally {
      await field.dispose()
    }
  })

  it('refuses with code 2 what waits beyond the limit, and says the limit', async () => {
    const field = await openBattlefield('hostile-lane', { pullThreadPoolQueueCapacity: '100' })
    try {
      await createTopic(field.broker, 'awaited')
      await field.good.stop()
      const peers = await connectPeers(field.broker, 120)
      for (const peer of peers) peer.write(pullFrame('awaited', 0, 100_000))
      await pollUntil('refusals', async () => {
        const refused = peers.filter(({ answers }) => answers.length > 0).length
        return refused >= 20 || { notYet: `${refused} are refused` }
      })
      const refusals = peers.flatMap(({ answers }) => answers)
      expect(refusals).toHaveLength(20)
      for (const { code, remark } of refusals) {
        expect(code).toBe(responseCodes.SYSTEM_BUSY.code)
        expect(remark).toMatch(/100/)
      }
      for (const peer of peers) peer.destroy()
    } finally {
      await field.dispose()
    }
  })

  it('frees the places of consumers that left while they were waiting', async () => {
    const field = await openBattlefield('hostile-gone', { pullThreadPoolQueueCapacity: '100' })
    try {
      await createTopic(field.broker, 'awaited')
      for (let round = 0; round < 3; round++) {
        const peers = await connectPeers(field.broker, 80)
        for (const peer of peers) {
          peer.write(pullFrame('awaited', 0, 100_000))
          peer.write(maxOffsetFrame('good'))
        }
        // Requests of a connection are taken in their order: the pull is waiting once the second is answered.
        await allAnswered(peers)
        for (const peer of peers) peer.destroy()
        await field.good.isServed()
      }
    } finally {
      await field.dispose()
    }
  })
})
