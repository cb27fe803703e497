import { describe, expect, test } from 'vitest'
import type { MessageStore, PutOutcome } from '../src/index.ts'
import { FaultKit, logBytes, numbered, root } from './faults/fault-kit.ts'
import { settle } from './settle.ts'
import type { KitOptions } from './store-kit.ts'

/** A store whose live options are those of the object, whatever it holds at the moment. */
function open(first: Partial<KitOptions>): { kit: FaultKit; store: MessageStore; live: Partial<KitOptions> } {
  const kit = new FaultKit()
  const live = { ...first }
  return { kit, live, store: kit.openLive(live) }
}

/** Puts one message, and gives what was said of it until its turn had ended. */
function putOne(kit: FaultKit, store: MessageStore, id = 0): PutOutcome['kind'] | undefined {
  let kind: PutOutcome['kind'] | undefined
  store.put(numbered(1, id), (outcome) => {
    kind = outcome.kind
  })
  kit.clock.finishTurn()
  return kind
}

const hours = 3_600_000

describe('a store in which something is changed while it runs', () => {
  test('confirms when the system has a message, or when the disk has it, as the flush mode is at the moment', async () => {
    const { kit, store, live } = open({ flushMode: 'ASYNC_FLUSH', flushIntervalMs: hours })
    expect(putOne(kit, store)).toBe('stored')
    live.flushMode = 'SYNC_FLUSH'
    expect(putOne(kit, store, 1)).toBeUndefined()
    await settle()
    expect(store.positions.synced).toBe(store.positions.max)
    live.flushMode = 'ASYNC_FLUSH'
    expect(putOne(kit, store, 2)).toBe('stored')
    expect(store.positions.synced).toBeLessThan(store.positions.max)
  })

  test('waits for the disk as long as it is told now, whoever waits longer', async () => {
    const { kit, store, live } = open({ flushMode: 'SYNC_FLUSH', syncTimeoutMs: 60_000 })
    const kinds: string[] = []
    // Nothing is said of a sync until promises go on: the disk takes its time.
    store.put(numbered(1), ({ kind }) => void kinds.push(`first ${kind}`))
    kit.clock.finishTurn()
    live.syncTimeoutMs = 100
    store.put(numbered(1, 1), ({ kind }) => void kinds.push(`second ${kind}`))
    kit.clock.finishTurn()
    kit.clock.advance(99)
    expect(kinds).toEqual([])
    kit.clock.advance(1)
    expect(kinds).toEqual(['second sync-timeout'])
    kit.clock.advance(59_899)
    expect(kinds).toEqual(['second sync-timeout'])
    kit.clock.advance(1)
    expect(kinds).toEqual(['second sync-timeout', 'first sync-timeout'])
    await settle()
  })

  test.each<[string, keyof KitOptions, (kit: FaultKit, store: MessageStore) => boolean]>([
    ['the log is synced', 'flushIntervalMs', (_, store) => store.positions.synced === store.positions.max],
    [
      'it is looked at what has to be written',
      'queueWriteIntervalMs',
      (kit) => kit.disk.readFile(`${root}/consumequeue/T/0/${'0'.repeat(20)}`) !== undefined,
    ],
    [
      'queues and index are synced',
      'queueSyncIntervalMs',
      (kit) => (kit.disk.readFile(`${root}/checkpoint`)?.readBigInt64BE(0) ?? 0n) > 0n,
    ],
  ])('does it within a second when it is told to do it more often: %s', async (_, key, isDone) => {
    const { kit, store, live } = open({
      flushIntervalMs: hours,
      queueWriteIntervalMs: key === 'queueSyncIntervalMs' ? 1000 : hours,
      queueSyncIntervalMs: hours,
    })
    await kit.put(store, numbered(4))
    for (let second = 0; second < 20; second++) await kit.pass(1000)
    expect(isDone(kit, store)).toBe(false)
    Object.assign(live, { [key]: 100 })
    await kit.pass(1000)
    await kit.pass(1000)
    expect(isDone(kit, store)).toBe(true)
  })

  test('deletes what it is told to keep no longer, and looks for it as often as it is told', async () => {
    const keep = { deleteHours: [], cleanRatio: -1, forceRatio: 2, fullRatio: 2, mayForce: false }
    const { kit, store, live } = open({
      retentionIntervalMs: hours,
      retentionRules: () => ({ ...keep, reservedMs: 24 * hours }),
    })
    await kit.put(store, numbered(100))
    await kit.pass(hours)
    expect(store.positions.min).toBe(0)
    live.retentionRules = () => ({ ...keep, reservedMs: 1 })
    live.retentionIntervalMs = 500
    await kit.pass(2000)
    expect(store.positions.min).toBe(3 * logBytes)
  })

  test('indexes new messages by key while it is told to', async () => {
    const { kit, store, live } = open({ isKeyIndexEnabled: false })
    const found = (from: MessageStore) =>
      [0, 1, 2].map((id) => from.findByKey('T', `k${id}`, 'key', 9, 0, Number.MAX_SAFE_INTEGER).length)
    await kit.put(store, numbered(1))
    live.isKeyIndexEnabled = true
    await kit.put(store, numbered(1, 1))
    live.isKeyIndexEnabled = false
    await kit.put(store, numbered(1, 2))
    expect(found(store)).toEqual([0, 1, 0])
    // What it has stands in the files as ever.
    await kit.pass(20_000)
    kit.disk.kill()
    expect(found(kit.open({ isKeyIndexEnabled: false }))).toEqual([0, 1, 0])
  })
})
