import { lightQueueId } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import type { MessageStore } from '../../src/index.ts'
import { FaultKit, logBytes, root } from '../faults/fault-kit.ts'
import { message, properties } from '../store-kit.ts'
import { bodiesIn, keptForAMinute, lightOpen, named, recordsIn } from './light-kit.ts'

const put = (kit: FaultKit, store: MessageStore, ...messages: ReturnType<typeof message>[]) => kit.put(store, messages)

describe.each([
  { where: 'slots', changes: {} },
  { where: 'files', changes: { hasLightSlots: false } },
])('light queues in $where', ({ changes }) => {
  test('a message stands in the queue of its topic, and in each light queue that it names', async () => {
    const kit = new FaultKit()
    const store = lightOpen(kit, changes)
    await put(kit, store, named('0', '%LMQ%a', '%LMQ%b'), named('1', '%LMQ%b'), message({ body: Buffer.from('2') }))
    expect(await bodiesIn(store, 'T1')).toEqual(['0', '1', '2'])
    expect(await bodiesIn(store, '%LMQ%a')).toEqual(['0'])
    expect(await bodiesIn(store, '%LMQ%b')).toEqual(['0', '1'])
    expect([store.minOffset('%LMQ%b', 0), store.maxOffset('%LMQ%b', 0)]).toEqual([0, 2])
    expect((await recordsIn(store, '%LMQ%b')).map(({ properties: text }) => text.split('\u0002'))).toEqual([
      ['INNER_MULTI_DISPATCH\u0001%LMQ%a,%LMQ%b', 'INNER_MULTI_QUEUE_OFFSET\u00010,0', ''],
      ['INNER_MULTI_DISPATCH\u0001%LMQ%b', 'INNER_MULTI_QUEUE_OFFSET\u00011', ''],
    ])
    expect([...store.lightQueueNames()].sort()).toEqual(['%LMQ%a', '%LMQ%b'])
  })

  test('a name that stands there twice counts once, and messages of one put follow each other', async () => {
    const kit = new FaultKit()
    const store = lightOpen(kit, changes)
    const outcome = await new Promise((resolve) => {
      store.put([named('0', '%LMQ%a', '%LMQ%a', '%LMQ%b'), named('1', '%LMQ%a')], resolve)
      kit.clock.finishTurn()
    })
    expect(outcome).toMatchObject({ kind: 'stored' })
    expect((await recordsIn(store, '%LMQ%a')).map(({ properties: text }) => text.split('\u0001').at(-1))).toEqual([
      '0,0,0\u0002',
      '1\u0002',
    ])
  })

  test('what a sender says of offsets does not count', async () => {
    const kit = new FaultKit()
    const store = lightOpen(kit, changes)
    const forged = { INNER_MULTI_QUEUE_OFFSET: '7' }
    await put(
      kit,
      store,
      named('0', '%LMQ%a'),
      message({ body: Buffer.from('1'), properties: properties({ ...forged, INNER_MULTI_DISPATCH: '%LMQ%a' }) }),
      message({ body: Buffer.from('2'), properties: properties(forged) }),
      message({
        topic: '%RETRY%g',
        body: Buffer.from('3'),
        properties: properties({ ...forged, INNER_MULTI_DISPATCH: '%LMQ%a' }),
      }),
    )
    kit.disk.kill()
    const again = lightOpen(kit, changes)
    expect(await bodiesIn(again, '%LMQ%a')).toEqual(['0', '1'])
    expect((await recordsIn(again, 'T1')).at(-1)!.properties).toBe('')
    expect(again.maxOffset('%RETRY%g', 0)).toBe(1)
  })

  test.each(['a', '%LMQ%a,b', '%LMQ%a/b', '%LMQ%../x', `%LMQ%${'x'.repeat(300)}`])(
    'the name %s is refused',
    async (name) => {
      const kit = new FaultKit()
      const store = lightOpen(kit, changes)
      const refused = await put(kit, store, named('0', ...name.split(',')))
      expect(refused).toMatchObject([
        { kind: 'refused', cause: 'illegal', reason: expect.stringMatching(/INNER_MULTI/) },
      ])
      await put(kit, store, named('1', '%LMQ%a'))
      expect(await bodiesIn(store, '%LMQ%a')).toEqual(['1'])
      expect(store.lightQueueCount).toBe(1)
    },
  )

  test('more light queues than there may be are refused, with the setting, and those that are there are filled', async () => {
    const kit = new FaultKit()
    const store = lightOpen(kit, { ...changes, lightQueuesMax: 2 })
    await put(kit, store, named('0', '%LMQ%a', '%LMQ%b'))
    const refused = await put(kit, store, named('1', '%LMQ%a', '%LMQ%c'))
    expect(refused).toMatchObject([
      { cause: 'light-queues-full', reason: expect.stringMatching(/maxLmqConsumeQueueNum/) },
    ])
    await put(kit, store, named('2', '%LMQ%a'))
    expect(await bodiesIn(store, '%LMQ%a')).toEqual(['0', '2'])
    expect(store.maxOffset('T1', 0)).toBe(2)
  })

  test('without light queues a message stands in its topic alone, as it was sent', async () => {
    const kit = new FaultKit()
    const store = kit.open(changes)
    await put(kit, store, named('0', '%LMQ%a', 'b'))
    expect(store.maxOffset('%LMQ%a', 0)).toBe(0)
    expect((await recordsIn(store, 'T1'))[0]!.properties).toBe('INNER_MULTI_DISPATCH\u0001%LMQ%a,b\u0002')
  })

  test('of many light queues few are open, and all are read and filled on', async () => {
    const kit = new FaultKit()
    const store = lightOpen(kit, { ...changes, openLightQueuesMax: 4 })
    const names = Array.from({ length: 40 }, (_, index) => `%LMQ%${index}`)
    for (let round = 0; round < 3; round++) {
      for (const name of names) await put(kit, store, named(`${round} ${name}`, name))
    }
    for (const name of names) {
      expect(await bodiesIn(store, name)).toEqual([`0 ${name}`, `1 ${name}`, `2 ${name}`])
      expect(store.maxOffset(name, lightQueueId)).toBe(3)
    }
    expect(store.lightQueueCount).toBe(40)
    store.close()
    const again = lightOpen(kit, { ...changes, openLightQueuesMax: 4 })
    expect(again.lightQueueCount).toBe(40)
    for (const name of names) expect(again.maxOffset(name, 0)).toBe(3)
    await put(kit, again, named('last', '%LMQ%7'))
    expect(await bodiesIn(again, '%LMQ%7')).toEqual(['0 %LMQ%7', '1 %LMQ%7', '2 %LMQ%7', 'last'])
  })

  test('a put that finds no space gives its offsets in light queues to the next one', async () => {
    const kit = new FaultKit()
    const store = lightOpen(kit, changes)
    await put(kit, store, named('0', '%LMQ%a'))
    kit.faults.add({ operation: 'write', path: /commitlog/, kind: 'no-space', label: 'full' })
    expect(await put(kit, store, named('1', '%LMQ%a', '%LMQ%b'))).toMatchObject([{ cause: 'disk-full' }])
    await kit.pass(20_000)
    await put(kit, store, named('2', '%LMQ%a', '%LMQ%b'))
    expect(await bodiesIn(store, '%LMQ%a')).toEqual(['0', '2'])
    expect(await bodiesIn(store, '%LMQ%b')).toEqual(['2'])
  })

  test('a light queue goes when all of its messages are gone, which is told before, and begins anew', async () => {
    const kit = new FaultKit()
    const store = lightOpen(kit, {
      ...changes,
      ...keptForAMinute,
    })
    const expired: string[] = []
    store.onLightQueuesExpired((names) => {
      expired.push(...names)
      // The first time it is too early.
      return expired.length > names.length ? names : []
    })
    await put(kit, store, named('old', '%LMQ%old', '%LMQ%both'))
    const filler = Buffer.alloc(1000, 'x')
    for (let count = 0; count * 1000 < 3 * logBytes; count++) await put(kit, store, message({ body: filler }))
    await kit.pass(120_000)
    await put(kit, store, named('new', '%LMQ%both'))
    store.deleteOldFiles()
    await kit.pass(30_000)
    expect(store.positions.min).toBeGreaterThan(0)
    expect(expired).toEqual(['%LMQ%old', '%LMQ%old'])
    expect([...store.lightQueueNames()]).toEqual(['%LMQ%both'])
    expect(await bodiesIn(store, '%LMQ%both')).toEqual(['new'])
    expect(store.minOffset('%LMQ%both', 0)).toBe(1)
    await put(kit, store, named('again', '%LMQ%old'))
    expect(store.minOffset('%LMQ%old', 0)).toBe(0)
    expect(await bodiesIn(store, '%LMQ%old')).toEqual(['again'])
  })

  test('a log that is cut back takes the ends of light queues along, open or not', async () => {
    const kit = new FaultKit()
    const store = lightOpen(kit, { ...changes, openLightQueuesMax: 2 })
    const names = ['%LMQ%a', '%LMQ%b', '%LMQ%c', '%LMQ%d']
    for (const name of names) await put(kit, store, named(`0 ${name}`, name))
    const position = store.positions.max
    for (const name of names) await put(kit, store, named(`1 ${name}`, name))
    await store.cutBackTo(position)
    for (const name of names) await put(kit, store, named(`2 ${name}`, name))
    for (const name of names) expect(await bodiesIn(store, name)).toEqual([`0 ${name}`, `2 ${name}`])
  })

  test('bytes of another broker fill light queues as they do there', async () => {
    const kit = new FaultKit()
    const store = lightOpen(kit, changes)
    for (let id = 0; id < 30; id++) await put(kit, store, named(`${id}`, `%LMQ%${id % 3}`, '%LMQ%all'))
    const files = kit.disk.list(`${root}/commitlog`).map((name) => kit.disk.readFile(`${root}/commitlog/${name}`)!)
    const bytes = Buffer.concat(files).subarray(0, store.positions.max)
    const other = new FaultKit()
    const follower = lightOpen(other, { ...changes, openLightQueuesMax: 2 })
    for (let at = 0; at < bytes.length; at += 100) {
      follower.appendRaw(follower.appendPosition, Buffer.from(bytes.subarray(at, at + 100)), () => {})
      other.clock.finishTurn()
    }
    for (const name of store.lightQueueNames())
      expect(await bodiesIn(follower, name)).toEqual(await bodiesIn(store, name))
    expect(follower.lightQueueCount).toBe(4)
  })

  test.each(['kill', 'power'])(
    'light queues are whole after a start without them, which followed a %s',
    async (end) => {
      const kit = new FaultKit()
      const store = lightOpen(kit, changes)
      await put(kit, store, named('0', '%LMQ%a'), named('1', '%LMQ%a'))
      await kit.pass(120_000)
      await put(kit, store, named('2', '%LMQ%a', '%LMQ%b'))
      store.syncLogNow()
      if (end === 'kill') kit.disk.kill()
      else kit.disk.crash(1)
      const without = kit.open(changes)
      await put(kit, without, named('3', '%LMQ%a'))
      without.close()
      const again = lightOpen(kit, changes)
      expect(await bodiesIn(again, '%LMQ%a')).toEqual(['0', '1', '2'])
      expect(await bodiesIn(again, '%LMQ%b')).toEqual(['2'])
      await put(kit, again, named('4', '%LMQ%a'))
      expect(await bodiesIn(again, '%LMQ%a')).toEqual(['0', '1', '2', '4'])
    },
  )
})
