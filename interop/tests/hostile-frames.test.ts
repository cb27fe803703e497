import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commands, encodeFrame, type RemotingCommand, responseCodeName } from '@rocketmq-ts/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { announcedSeed, SeededRandom } from '../crash/seeded-random.ts'
import { type Battlefield, openBattlefield } from '../hostile/attack.ts'
import { commandsTo, generateRequest, mutate, type Vocabulary } from '../hostile/frame-generator.ts'
import { residentBytes, residentBytesMax } from '../hostile/process-facts.ts'
import { connectPeers, RawPeer } from '../hostile/raw-peer.ts'
import { sizes } from '../hostile/sizes.ts'
import { pollUntil, within } from '../targets/deadline.ts'

const vocabulary: Vocabulary = { topics: ['victim-1', 'victim-2', '%RETRY%victims'], groups: ['victims', 'others'] }

describe('hostile frames', () => {
  let field: Battlefield
  let random: SeededRandom
  beforeAll(async () => {
    random = new SeededRandom(announcedSeed('INTEROP_HOSTILE_SEED'))
    field = await openBattlefield('hostile-frames')
  })
  afterAll(async () => {
    await field?.dispose()
  })
  // Requests that delete are among the random ones.
  beforeEach(async () => {
    const client = await BrokerClient.connect(field.broker)
    for (const topic of ['victim-1', 'victim-2']) {
      await client.createTopic(topic, 2)
      await client.send({ topic, queueId: 0, body: Buffer.from('victim'), properties: { KEYS: 'k' } })
    }
    client.close()
  })

  const targets = [
    { role: 'broker', address: () => field.broker, pid: () => field.brokerPid },
    { role: 'name-server', address: () => field.nameServer, pid: () => field.nameServerPid },
  ] as const

  const logOf = (role: 'broker' | 'name-server'): string => {
    const [server] = role === 'broker' ? field.cluster.brokers : field.cluster.nameServers
    return readFileSync(server!.logFile, 'utf8')
  }
  const expectServed = async (role: 'broker' | 'name-server', pid: number): Promise<void> => {
    await field.good.isServed()
    const client = await BrokerClient.connect(field.nameServer)
    const route = await client.ask(commands.getRouteinfoByTopic, { topic: 'good' })
    client.close()
    expect(route.body.toString()).toContain('"brokerName"')
    expect(residentBytes(pid).peak, `peak of resident memory of the ${role}`).toBeLessThan(residentBytesMax)
  }

  describe.each(targets)('to the $role', ({ role, address, pid }) => {
    it.each(commandsTo(role).map((command) => [command.name, command] as const))(
      '%s with random headers and bodies is answered, with a code of the protocol and without a defect',
      async (_, command) => {
        const peer = await RawPeer.connect(address())
        const requests = Array.from({ length: sizes.requestsOfCommand }, (_unused, index) =>
          generateRequest(random, command, index + 1, vocabulary),
        )
        for (const { frame } of requests) peer.write(frame)
        const awaited = requests.filter(({ mayStayUnanswered }) => !mayStayUnanswered)
        await pollUntil(
          'answers',
          async () => {
            const answered = new Set(peer.answers.map(({ opaque }) => opaque))
            const missing = awaited.filter(({ opaque }) => !answered.has(opaque))
            if (missing.length > 0 && peer.isClosed)
              throw new Error(`closed, without an answer to ${shown(missing[0])}`)
            return missing.length === 0 || { notYet: `${missing.length} are missing, one to ${shown(missing[0])}` }
          },
          { intervalMs: 5 },
        )
        peer.destroy()
        const strange = peer.answers.filter(isDefect)
        const example = requests.find(({ opaque }) => opaque === strange[0]?.opaque)
        expect(
          strange.slice(0, 3).map(({ code, remark }) => [code, remark]),
          shown(example),
        ).toEqual([])
      },
    )

    it('leave no failed request in the log, and others served', async () => {
      await expectServed(role, pid())
      const failures = logOf(role).match(/^.*a request failed.*$/gm) ?? []
      expect(failures.slice(0, 5)).toEqual([])
    })

    it('that were mutated end in answers with codes of the protocol or in a closed connection', async () => {
      const all = commandsTo(role)
      for (let done = 0; done < sizes.mutatedFrames; ) {
        const frames = Array.from({ length: 50 }, (_unused, index) =>
          mutate(random, generateRequest(random, random.pick(all), index, vocabulary).frame),
        )
        await Promise.all(
          frames.map(async (frame) => {
            const peer = await RawPeer.connect(address())
            peer.socket.end(frame)
            // What was read is answered, then the server ends its half too.
            await within(`closing after ${frame.toString('hex').slice(0, 400)}`, peer.closed)
            expect(peer.answers.filter(isDefect), frame.toString('hex').slice(0, 2000)).toEqual([])
          }),
        )
        done += frames.length
      }
      await expectServed(role, pid())
    })

    it.each([
      ['a negative length', Buffer.from('ffffffff00000000', 'hex')],
      ['a length of nothing', Buffer.from('0000000000000000', 'hex')],
      ['a length beyond the largest frame', Buffer.from('0100000100000000', 'hex')],
      ['a header that is longer than its frame', Buffer.from('00000008000000ff41414141', 'hex')],
      ['a header that ends beyond every frame', Buffer.from('0000000800ffffff41414141', 'hex')],
      ['an unknown form of header', Buffer.from('0000000507000001ff', 'hex')],
      ['an empty header', Buffer.from('0000000400000000', 'hex')],
      ['a header that is no JSON', Buffer.from('00000006000000027b7b', 'hex')],
      ['a binary header with a remark that is longer than it', binaryHeader(0x7fffffff, 0)],
      ['a binary header with fields that are longer than it', binaryHeader(0, 0x7fffffff)],
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: broker\r\n\r\n')],
      ['TLS, which is not served', Buffer.from('160301020001000', 'hex')],
    ])('with %s close their connection', async (_, bytes) => {
      const peer = await RawPeer.connect(address())
      peer.write(bytes)
      await within('closing', peer.closed)
      expect(peer.answers).toEqual([])
    })

    it('that come byte by byte are answered, and cost the others nothing', async () => {
      const code = role === 'broker' ? commands.getMaxOffset.code : commands.getRouteinfoByTopic.code
      const extFields = { topic: 'good', queueId: '0', pad: 'p'.repeat(500) }
      const frame = encodeFrame({ code, opaque: 7, flag: 0, extFields, serializeType: 'JSON' })
      const peers = await connectPeers(address(), sizes.slowPeers)
      for (const byte of frame) {
        for (const peer of peers) peer.write(Buffer.from([byte]))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await pollUntil('an answer to each', async () => {
        const missing = peers.filter(({ answers }) => answers.length === 0).length
        return missing === 0 || { notYet: `${missing} are missing` }
      })
      expect(new Set(peers.map(({ answers }) => `${answers.length} ${answers[0]!.code}`))).toEqual(new Set(['1 0']))
      for (const peer of peers) peer.destroy()
      await expectServed(role, pid())
    })
  })
})

describe('a topic name that is a path', () => {
  it.each([
    ['deletes nothing outside of the folder of its queues', commands.deleteTopicInBroker, {}],
    ['reads nothing outside of it', commands.getMinOffset, { queueId: 0 }],
  ])('%s', async (_, command, fields) => {
    const field = await openBattlefield('hostile-path')
    try {
      const store = join(field.cluster.target.workFolder, 'stores', 'broker-a')
      const outside = join(store, 'outside', '0')
      mkdirSync(outside, { recursive: true })
      writeFileSync(join(outside, '0'.repeat(20)), Buffer.alloc(6_000_000, 1))
      mkdirSync(join(store, 'consumequeue'), { recursive: true })
      const client = await BrokerClient.connect(field.broker)
      for (const topic of ['../outside', '..', '.', '', '../commitlog', `${store}/outside`, 'good/../../outside']) {
        const answer = await client.call(command, { topic, ...fields } as never)
        expect(answer.extFields?.offset ?? '0', topic).toBe('0')
        expect(isDefect(answer), answer.remark).toBe(false)
      }
      client.close()
      expect(readdirSync(store)).toEqual(expect.arrayContaining(['commitlog', 'config', 'consumequeue', 'outside']))
      expect(readdirSync(outside)).toEqual(['0'.repeat(20)])
      await field.good.isServed()
    } finally {
      await field.dispose()
    }
  })
})

/** Exceptions that no handler foresaw are answered with SYSTEM_ERROR and their class. */
function isDefect({ code, remark }: RemotingCommand): boolean {
  return responseCodeName(code) === undefined || /^\w*Error: /.test(remark ?? '')
}

function shown(request: { frame: Buffer } | undefined): string {
  return request === undefined ? '' : request.frame.toString('latin1').slice(0, 1500)
}

function binaryHeader(remarkLength: number, fieldsLength: number): Buffer {
  const frame = Buffer.alloc(8 + 21)
  frame.writeInt32BE(4 + 21, 0)
  frame.writeInt32BE((1 << 24) | 21, 4)
  frame.writeInt16BE(105, 8)
  frame.writeInt32BE(remarkLength, 8 + 13)
  frame.writeInt32BE(fieldsLength, 8 + 17)
  return frame
}
