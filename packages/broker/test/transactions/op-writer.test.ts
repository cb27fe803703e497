import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { encodeHost } from '@rocketmq-ts/protocol'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import { describe, expect, test } from 'vitest'
import { OpWriter } from '../../src/transactions/op-writer.ts'

type Put = (messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void) => void

/** @param put what becomes of op messages, in place of storing or refusing them */
function setUp(put?: Put) {
  const clock = new SteppedClock()
  const bodies: string[] = []
  let refusal: 'disk-full' | 'throws' | undefined
  const sink = {
    put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void): void {
      if (put !== undefined) {
        put(messages, done)
        return
      }
      if (refusal === 'throws') throw new Error('no queue')
      if (refusal !== undefined) {
        done({ kind: 'refused', cause: refusal, reason: 'full' })
        return
      }
      bodies.push(...messages.map(({ body }) => String(body)))
      done({ kind: 'stored', places: [] })
    },
  }
  const settings = () => ({ transactionOpMsgMaxSize: 8, transactionOpBatchInterval: 3000 })
  const storeHost = encodeHost('127.0.0.1', 1)
  const ops = new OpWriter({ clock, log: silentLog, sink, storeHost, settings })
  return {
    clock,
    bodies,
    ops,
    refuse: (how: typeof refusal) => {
      refusal = how
    },
  }
}

describe('ends of transactions', () => {
  test('are gathered for some time, or until a record is full', () => {
    const { clock, bodies, ops } = setUp()
    ops.ended(1)
    clock.advance(2999)
    expect(bodies).toEqual([])
    clock.advance(1)
    expect(bodies).toEqual(['1,'])
    for (const offset of [10, 11, 12]) ops.ended(offset)
    expect(bodies).toEqual(['1,', '10,11,', '12,'])
    expect(ops.waitingCount).toBe(0)
  })

  test('that nothing else tells are written at the end of the turn, with those that were gathered before them', () => {
    const { clock, bodies, ops } = setUp()
    const told: unknown[] = []
    ops.ended(1)
    ops.end(2, ({ kind }) => told.push(kind))
    expect(told).toEqual([])
    clock.finishTurn()
    expect(bodies).toEqual(['1,2,'])
    expect(told).toEqual(['stored'])
  })

  test.each(['disk-full', 'throws'] as const)(
    'that cannot be stored (%s) are tried again in their order, and who waits is told',
    (how) => {
      const { clock, bodies, ops, refuse } = setUp()
      refuse(how)
      const told: (string | undefined)[] = []
      ops.ended(1)
      ops.end(2, (outcome) => told.push(outcome.kind === 'refused' ? outcome.reason : undefined))
      clock.finishTurn()
      expect(told).toHaveLength(1)
      expect(told[0]).toMatch(/full|no queue/)
      ops.ended(3)
      refuse(undefined)
      clock.advance(1000)
      // The one that somebody was told of is not ended.
      expect(bodies).toEqual(['1,3,'])
    },
  )

  test('that two writes at once could not store are tried again in their order', () => {
    const waiting: ((outcome: PutOutcome) => void)[] = []
    const bodies: string[] = []
    const { clock, ops } = setUp((messages, done) => {
      bodies.push(...messages.map(({ body }) => String(body)))
      waiting.push(done)
    })
    for (const offset of [10, 11, 12, 13, 14, 15]) ops.ended(offset)
    expect(bodies).toEqual(['10,11,', '12,', '13,14,', '15,'])
    for (const done of waiting.splice(0)) done({ kind: 'refused', cause: 'disk-full', reason: 'full' })
    clock.advance(1000)
    expect(bodies.slice(4)).toEqual(['10,11,', '12,13,', '14,15,'])
  })
})
