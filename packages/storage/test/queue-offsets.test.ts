import { decodeMessages, EncodedProperties, propertiesBytesMax, sysFlag } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import type { MessageStore, PutOutcome, StoreMessage } from '../src/index.ts'
import { FaultKit, root } from './faults/fault-kit.ts'
import { settle } from './settle.ts'
import { message } from './store-kit.ts'

const { transactionPrepared, transactionCommit, transactionRollback } = sysFlag

function named(body: string, changes: Parameters<typeof message>[0] = {}): StoreMessage {
  return message({ body: Buffer.from(body), ...changes })
}

/** Where each body stands in queue 0 of T1, by the offset at which it is read. */
async function standing(store: MessageStore): Promise<Record<number, string>> {
  const found: Record<number, string> = {}
  const limits = { countMax: 99, scannedUnitsMax: 999, bytesMax: 1e6, matches: () => true }
  const { parts, maxOffset } = await store.read({ topic: 'T1', queueId: 0, queueOffset: 0, ...limits })
  for (const { queueOffset, body } of parts.flatMap((part) => decodeMessages(part)))
    found[queueOffset] = body.toString()
  expect(Object.keys(found)).toHaveLength(maxOffset)
  return found
}

function offsetsOf(outcomes: readonly PutOutcome[]): number[] {
  return outcomes.flatMap((outcome) =>
    outcome.kind === 'stored' ? outcome.places.map(({ queueOffset }) => queueOffset) : [],
  )
}

describe('half messages and rollbacks', () => {
  test('take no queue offset, and those around them stand where their senders are told', async () => {
    const kit = new FaultKit()
    const store = kit.open()
    const outcomes = await kit.put(store, [
      named('a'),
      named('half', { sysFlag: transactionPrepared }),
      named('b'),
      named('rollback', { sysFlag: transactionRollback }),
      named('committed', { sysFlag: transactionCommit }),
      named('c'),
    ])
    // 0 is what the official broker tells for the two that stand in no queue.
    expect(offsetsOf(outcomes)).toEqual([0, 0, 1, 0, 2, 3])
    const expected = { 0: 'a', 1: 'b', 2: 'committed', 3: 'c' }
    expect(await standing(store)).toEqual(expected)
    const half = await store.recordAt(outcomes[1]!.kind === 'stored' ? outcomes[1]!.places[0]!.physicalOffset : -1)
    expect(decodeMessages(half!)).toMatchObject([{ body: Buffer.from('half'), queueOffset: 0 }])

    kit.disk.kill()
    const killed = kit.open()
    expect(await standing(killed)).toEqual(expected)
    expect(offsetsOf(await kit.put(killed, [named('d')]))).toEqual([4])
    killed.close()
    kit.disk.removeFolder(`${root}/consumequeue`)
    expect(await standing(kit.open())).toEqual({ ...expected, 4: 'd' })
  })

  test('make no queue, and can be the only messages of a topic', async () => {
    const kit = new FaultKit()
    const store = kit.open()
    await kit.put(store, [named('half', { sysFlag: transactionPrepared })])
    expect([store.maxOffset('T1', 0), [...store.topicsWithQueues()]]).toEqual([0, ['T1']])
    expect(offsetsOf(await kit.put(store, [named('a')]))).toEqual([0])
  })
})

const longProperties = (byteCount: number): Partial<StoreMessage> => ({
  properties: EncodedProperties.ofText(`k\u0001${'v'.repeat(byteCount - 3)}\u0002`),
})

describe('a message that can be no record', () => {
  test.each<[string, Partial<StoreMessage>, RegExp]>([
    ['properties of 32,768 bytes', longProperties(propertiesBytesMax + 1), /at most 32767 bytes, these take 32768/],
    [
      'properties of characters that take 32,769 bytes',
      { properties: EncodedProperties.ofText(`k\u0001${'é'.repeat(16_383)}\u0002`) },
      /these take 32769/,
    ],
    ['a zero in its properties', { properties: EncodedProperties.ofText('k\u0001a\0\u0002') }, /zero character/],
    ['a body that fits into no file', { body: Buffer.alloc(16 * 1024) }, /does not fit into a file of the log/],
    ['no topic', { topic: '' }, /cannot name a topic/],
    ['a topic that leads out of the store', { topic: '../commitlog' }, /cannot name a topic/],
    ['a topic that no folder can be named after', { topic: 'é'.repeat(128) }, /cannot name a topic/],
    ['a host of 7 bytes', { bornHost: Buffer.alloc(7) }, /8 or 20 bytes/],
    ['a host of its own of 21 bytes', { storeHost: Buffer.alloc(21) }, /8 or 20 bytes/],
    ['a queue below 0', { queueId: -1 }, /-1 is no queue/],
    ['a queue beyond 31 bits', { queueId: 2 ** 31 }, /is no queue/],
    ['a queue that is no integer', { queueId: 1.5 }, /is no queue/],
    ['a sysFlag beyond 32 bits', { sysFlag: 2 ** 32 }, /32 bits/],
    ['a flag beyond 32 bits', { flag: 2 ** 31 }, /32 bits/],
  ])('for it has %s, is refused, alone or among others, and takes no offset', async (_, changes, reason) => {
    const kit = new FaultKit()
    const store = kit.open()
    const bad = { ...named('bad'), ...changes }
    await kit.put(store, [named('a')])
    const positions = store.positions
    const alone = await kit.put(store, [bad])
    expect(alone).toMatchObject([{ kind: 'refused', cause: 'illegal', reason: expect.stringMatching(reason) }])
    const list = new Promise<PutOutcome>((resolve) => store.put([named('x'), bad, named('y')], resolve))
    kit.clock.finishTurn()
    expect(await list).toMatchObject({ kind: 'refused', cause: 'illegal' })
    expect(store.positions).toEqual(positions)
    expect(offsetsOf(await kit.put(store, [named('b')]))).toEqual([1])
    expect(await standing(store)).toEqual({ 0: 'a', 1: 'b' })
    expect(store.refusal).toBeUndefined()
  })

  test.each<[string, Partial<StoreMessage>]>([
    ['properties of 32,767 bytes', longProperties(propertiesBytesMax)],
    ['a topic of 255 bytes', { topic: 'T'.repeat(255) }],
    ['a body that fills a file', { body: Buffer.alloc(64 * 1024 - 8 - 91 - 2) }],
  ])('is one with one more: %s is taken', async (_, changes) => {
    const kit = new FaultKit()
    const store = kit.open({ commitLogSegmentBytes: 64 * 1024 })
    expect(await kit.put(store, [{ ...named('a'), ...changes }])).toMatchObject([{ kind: 'stored' }])
  })
})

describe('an offset that was given out', () => {
  test('is taken back with the whole list when one of it cannot be encoded', async () => {
    const kit = new FaultKit()
    const store = kit.open()
    const broken = named('broken')
    let reads = 0
    // Nothing that is known to happen: a body whose bytes are there when it is checked, and not when it is written.
    Object.defineProperty(broken, 'body', {
      get: () => (reads++ < 1 ? ({ length: 3, 0: 1 } as unknown as Buffer) : undefined),
    })
    await kit.put(store, [named('a')])
    expect(() => store.put([named('x'), broken], () => {})).toThrow()
    expect(offsetsOf(await kit.put(store, [named('b')]))).toEqual([1])
    expect(await standing(store)).toEqual({ 0: 'a', 1: 'b' })
    kit.disk.kill()
    expect(await standing(kit.open())).toEqual({ 0: 'a', 1: 'b' })
  })

  test('belongs to the topic as it is then: what is put by those who are told while it is removed goes with it', async () => {
    const kit = new FaultKit()
    const store = kit.open()
    const kinds: string[] = []
    store.put([named('a')], ({ kind }) => {
      kinds.push(kind)
      store.put([named('b')], (outcome) => void kinds.push(outcome.kind))
    })
    store.removeTopic('T1')
    expect(kinds).toEqual(['stored', 'stored'])
    expect(offsetsOf(await kit.put(store, [named('anew')]))).toEqual([0])
    await kit.pass(20_000)
    expect(await standing(store)).toEqual({ 0: 'anew' })
    expect(store.refusal).toBeUndefined()
  })

  test('is told to everyone, whatever one of those who are told does', async () => {
    const kit = new FaultKit()
    const store = kit.open({ flushMode: 'SYNC_FLUSH' })
    const told: string[] = []
    for (const name of ['a', 'b', 'c']) {
      store.put([named(name)], () => {
        told.push(name)
        if (name === 'b') throw new Error('of one who is told')
      })
    }
    kit.clock.finishTurn()
    await settle()
    expect(told).toEqual(['a', 'b', 'c'])
    expect(() => kit.clock.finishTurn()).toThrow('of one who is told')
    store.put([named('d')], () => void told.push('d'))
    kit.clock.finishTurn()
    await settle()
    expect(told.at(-1)).toBe('d')
  })
})
