import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import type { MessageQueue } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { QueueLocks } from '../../src/locks/index.ts'

const queue = (queueId: number, brokerName = 'broker-a'): MessageQueue => ({ topic: 'T', brokerName, queueId })

describe('queue locks', () => {
  test('are held by one client of a group until it gives them up', () => {
    const locks = new QueueLocks(new SteppedClock(), () => 100)
    expect(locks.lock('g', 'c1', [queue(0)])).toEqual([queue(0)])
    expect(locks.lock('g', 'c2', [queue(0), queue(1), queue(0, 'broker-b')])).toEqual([queue(1), queue(0, 'broker-b')])
    expect(locks.lock('h', 'c2', [queue(0)])).toEqual([queue(0)])
    locks.unlock('g', 'c2', [queue(0)])
    expect(locks.lock('g', 'c2', [queue(0)])).toEqual([])
    locks.unlock('g', 'c1', [queue(0)])
    expect(locks.lock('g', 'c2', [queue(0)])).toEqual([queue(0)])
  })

  test('are so many; one more is refused with all that its request wants, until others are over', () => {
    const clock = new SteppedClock()
    const locks = new QueueLocks(clock, () => 2)
    locks.lock('g', 'c1', [queue(0)])
    expect(() => locks.lock('h', 'c1', [queue(1), queue(2)])).toThrow('maxQueueLockNum')
    expect(locks.lock('h', 'c1', [queue(1), queue(1)])).toEqual([queue(1), queue(1)])
    expect(locks.lock('h', 'c1', [queue(1)])).toEqual([queue(1)])
    locks.unlock('g', 'c1', [queue(0)])
    expect(locks.lock('g', 'c1', [queue(2)])).toEqual([queue(2)])
    expect(() => locks.lock('i', 'c1', [queue(3)])).toThrow('maxQueueLockNum')
    locks.removeGroup('g')
    expect(locks.lock('i', 'c1', [queue(3)])).toEqual([queue(3)])
    clock.advance(60_001)
    expect(locks.lock('j', 'c1', [queue(4), queue(5)])).toEqual([queue(4), queue(5)])
  })

  test('live 60 seconds unless they are renewed', () => {
    const clock = new SteppedClock()
    const locks = new QueueLocks(clock, () => 100)
    locks.lock('g', 'c1', [queue(0)])
    clock.advance(50_000)
    locks.lock('g', 'c1', [queue(0)])
    clock.advance(60_000)
    expect(locks.lock('g', 'c2', [queue(0)])).toEqual([])
    expect(locks.hasLocks('g')).toBe(true)
    clock.advance(1)
    expect(locks.hasLocks('g')).toBe(false)
    expect(locks.lock('g', 'c2', [queue(0)])).toEqual([queue(0)])
  })

  test('never let two clients hold a queue at a time', () => {
    const step = fc.record({
      client: fc.constantFrom('a', 'b', 'c'),
      queueIds: fc.uniqueArray(fc.nat(3)),
      kind: fc.constantFrom('lock', 'unlock'),
      waitMs: fc.nat(70_000),
    })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const clock = new SteppedClock()
        const locks = new QueueLocks(clock, () => 100)
        const holders = new Map<number, { client: string; untilMs: number }>()
        for (const { client, queueIds, kind, waitMs } of steps) {
          clock.advance(waitMs)
          const isMine = (id: number): boolean => holders.get(id)?.client === client
          if (kind === 'unlock') {
            locks.unlock(
              'g',
              client,
              queueIds.map((id) => queue(id)),
            )
            for (const id of queueIds) if (isMine(id)) holders.delete(id)
            continue
          }
          const expected = queueIds.filter((id) => isMine(id) || (holders.get(id)?.untilMs ?? -1) < clock.monotonic())
          const held = locks.lock(
            'g',
            client,
            queueIds.map((id) => queue(id)),
          )
          expect(held.map(({ queueId }) => queueId)).toEqual(expected)
          for (const id of expected) holders.set(id, { client, untilMs: clock.monotonic() + 60_000 })
        }
      }),
    )
  })
})
