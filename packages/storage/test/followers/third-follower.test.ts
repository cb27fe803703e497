import { encodeHost, sysFlag } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import type { MessageStore } from '../../src/index.ts'
import { FaultKit, numbered, readable, root } from '../faults/fault-kit.ts'
import { message, properties } from '../store-kit.ts'
import { BodyLengths } from './body-lengths.ts'

const path = `${root}/bodyLengths.json`

function open(kit: FaultKit): { store: MessageStore; follower: BodyLengths } {
  const follower = new BodyLengths(kit.faults, path, () => kit.clock.monotonic())
  return { store: kit.open({ followers: [follower] }), follower }
}

const kinds = [
  message({ body: Buffer.from('plain') }),
  message({ topic: '订单', queueId: 3, body: Buffer.alloc(0), properties: properties({ TAGS: 'a', KEYS: 'k l' }) }),
  message({ body: Buffer.from('half'), sysFlag: sysFlag.transactionPrepared }),
  message({ body: Buffer.from('committed'), sysFlag: sysFlag.transactionCommit }),
  message({ body: Buffer.from('IPv6'), bornHost: encodeHost('::1', 1), storeHost: encodeHost('fe80::1', 2) }),
  // Bits that lie about the hosts.
  message({ body: Buffer.from('IPv4'), sysFlag: sysFlag.bornHostV6 | sysFlag.compressed }),
]

describe('a third follower', () => {
  test('gets every record in the order of the log, and the same view of it when it is new and when it is read again', async () => {
    const kit = new FaultKit()
    const { store, follower } = open(kit)
    const outcomes = await kit.put(store, [...kinds, ...numbered(60)])
    const places = outcomes.flatMap((outcome) => (outcome.kind === 'stored' ? outcome.places : []))
    expect(follower.seen.map(({ physicalOffset }) => physicalOffset)).toEqual(
      places.map(({ physicalOffset }) => physicalOffset),
    )
    expect(follower.seen.map(({ queueOffset }) => queueOffset)).toEqual(places.map(({ queueOffset }) => queueOffset))
    kit.disk.kill()
    const { follower: again } = open(kit)
    expect(again.seen).toEqual(follower.seen)
  })

  test.each(['in memory', 'in files'])('may keep a view: it tells the same when the record is %s', async (where) => {
    const kit = new FaultKit()
    const kept: Parameters<BodyLengths['apply']>[0][] = []
    const follower = new BodyLengths(kit.faults, path, () => kit.clock.monotonic())
    const apply = follower.apply.bind(follower)
    follower.apply = (record) => {
      kept.push(record)
      apply(record)
    }
    const store = kit.open({ followers: [follower] })
    await kit.put(store, kinds)
    let views = [...kept]
    if (where === 'in files') {
      kit.disk.kill()
      kept.length = 0
      kit.open({ followers: [follower] })
      views = [...kept]
    }
    const told = views.map(({ topic, properties: { text }, encoded }) => [topic, text, encoded.layout.queueId])
    expect(told).toEqual(kinds.map(({ topic, properties: { text }, queueId }) => [topic, text, queueId]))
  })

  test('has what it lost read again from the log, from its own position on', async () => {
    const kit = new FaultKit()
    const { store, follower } = open(kit)
    await kit.put(store, numbered(30))
    await kit.pass(15_000)
    await kit.put(store, numbered(10, 30))
    kit.disk.kill()
    const { store: second, follower: killed } = open(kit)
    expect(killed.lengths).toEqual(follower.lengths)
    expect(killed.seen).toHaveLength(10)
    second.close()
    expect(killed.isClosed).toBe(true)

    for (const name of [path, `${path}.bak`]) kit.disk.remove(name)
    const { store: third, follower: anew } = open(kit)
    expect(anew.lengths).toEqual(follower.lengths)
    expect(anew.seen).toHaveLength(40)
    expect((await readable(third)).length).toBe(40)
  })

  test('keeps the checkpoint from passing what it has not written', async () => {
    const kit = new FaultKit()
    const { store, follower } = open(kit)
    const full = kit.faults.add({
      operation: 'write',
      path: /bodyLengths/,
      kind: 'no-space',
      count: 1e9,
      label: 'full',
    })
    await kit.put(store, numbered(20))
    await kit.pass(70_000)
    full.remove()
    kit.disk.crash(3)
    const { follower: again } = open(kit)
    expect(again.lengths).toEqual(follower.lengths)
  })

  test('is told when the front of the log is deleted', async () => {
    const kit = new FaultKit({ retentionRules: () => ({ ...keepNothing }) })
    const { store, follower } = open(kit)
    await kit.put(store, numbered(100))
    await kit.pass(1)
    store.deleteOldFiles()
    expect(store.positions.min).toBeGreaterThan(0)
    expect(Math.min(...follower.lengths.keys())).toBe(store.positions.min)
  })
})

const keepNothing = { reservedMs: 0, deleteHours: [], cleanRatio: 2, forceRatio: 2, fullRatio: 2, mayForce: false }
