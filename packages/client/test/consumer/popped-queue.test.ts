import { SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, formatPopReceipt } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import type { ClusterClient } from '../../src/connection/cluster-client.ts'
import type { Outcome } from '../../src/consumer/message-handling.ts'
import { PoppedQueue } from '../../src/consumer/popped-queue.ts'
import type { RawPopped } from '../../src/pop/pop.ts'
import { RocketMQError } from '../../src/rocketmq-error.ts'

const invisibleMs = 6000

const popped = (queueOffset: number): RawPopped =>
  ({
    ...{ queue: { topic: 'T', broker: 'b', queueId: 0 }, queueOffset, attempt: 1, bytes: 100, body: Buffer.alloc(0) },
    ...{ batch: undefined, ofLiteTopic: undefined },
    receipt: formatPopReceipt({
      ...{ startOffset: queueOffset, popTime: 1, invisibleTime: invisibleMs, reviveQueueId: 0 },
      ...{ source: '0', brokerName: 'b', queueId: 0, queueOffset },
    }),
  }) as unknown as RawPopped

interface Stage {
  readonly clock: SteppedClock
  readonly queue: PoppedQueue
  /** Offsets of single messages, and requests for several. */
  readonly acknowledged: (number | 'several')[]
  readonly renewed: number[]
  /** Answers the request for messages that waits. */
  give(...offsets: number[]): void
  /** Runs timers, and what they lead to. */
  advance(durationMs: number): Promise<void>
}

/** A queue whose broker gives what the test says. */
function start(parts: {
  /** The lane of all messages. */
  readonly lane: string | undefined
  handle(offset: number): Promise<Outcome>
  /** What becomes of a request to change the invisible time. */
  renew(offset: number): Promise<void>
}): Stage {
  const clock = new SteppedClock()
  const acknowledged: Stage['acknowledged'] = []
  const renewed: number[] = []
  const client = {
    runtime: { clock, random: new SeededRandom(1) },
    attemptTimeoutMs: 3000,
    namespace: { wrap: (topic: string) => topic },
    routes: { knownMasterAddress: () => 'b:1', find: async () => {}, masterAddress: () => 'b:1' },
    heartbeats: { known: async () => {} },
    log: { warn() {}, debug() {}, info() {} },
    learnFrom() {},
    askForSuccess: async (_broker: unknown, { command, header }: { command: unknown; header: { offset: number } }) => {
      acknowledged.push(command === commands.ackMessage ? header.offset : 'several')
    },
    read: async (...[, request, , read]: Parameters<ClusterClient['read']>) => {
      const { offset } = request.header as { offset: number }
      renewed.push(offset)
      await parts.renew(offset)
      return read({ extFields: { popTime: '1', invisibleTime: String(invisibleMs), reviveQid: '0' } } as never)
    },
  } as unknown as ClusterClient
  let asked = Promise.withResolvers<readonly number[]>()
  const queue: PoppedQueue = new PoppedQueue(
    { topic: 'T', broker: 'b', queueId: -1 },
    {
      client,
      group: 'g',
      attempts: { most: async () => 16 } as never,
      ...{ batchMax: 1, handledMax: 10, invisibleMs },
      share: () => ({ messages: 100, bytes: 1e6 }),
      isPaused: () => false,
      enter: async () => {},
      pop: async () => {
        const offsets = await asked.promise
        asked = Promise.withResolvers()
        return { kind: 'found', messages: offsets.map(popped), unwanted: [], count: offsets.length }
      },
      laneOf: () => parts.lane,
      handle: async ([message]) => [await parts.handle(message!.queueOffset)],
      onGone() {},
      onWork() {
        while (queue.hasWork) void queue.begin()
      },
    },
  )
  void queue.run()
  return {
    ...{ clock, queue, acknowledged, renewed },
    give: (...offsets) => asked.resolve(offsets),
    async advance(durationMs) {
      for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
        clock.advance(100)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

describe('a queue of which messages are given by POP', () => {
  test('acknowledges others while the time of one cannot be begun anew', async () => {
    const handlers = [0, 1].map(() => Promise.withResolvers<void>())
    const stage = start({
      lane: undefined,
      handle: (offset) => handlers[offset]!.promise.then(() => ({ kind: 'done' })),
      renew: (offset) => (offset === 0 ? new Promise(() => {}) : Promise.resolve()),
    })
    stage.give(0, 1)
    await stage.advance(0.7 * invisibleMs)
    expect(stage.renewed.toSorted()).toEqual([0, 1])
    for (const { resolve } of handlers) resolve()
    await stage.advance(200)
    expect(stage.acknowledged).toEqual([1])
    stage.queue.drop()
  })

  test('handles nothing that stands behind a lost message of its lane before that is given again', async () => {
    const handled: number[] = []
    const refused = new RocketMQError('MESSAGE_ILLEGAL', 'it is visible again', { responseCode: 13 })
    let isLost = true
    const stage = start({
      lane: 'a',
      async handle(offset) {
        handled.push(offset)
        return handled.length === 1 ? { kind: 'retry', delayMs: 2 * invisibleMs } : { kind: 'done' }
      },
      renew: (offset) => (isLost && offset === 0 ? Promise.reject(refused) : Promise.resolve()),
    })
    stage.give(0, 1, 2)
    await stage.advance(3 * invisibleMs)
    expect(handled).toEqual([0])
    isLost = false
    stage.give(0, 1, 2)
    await stage.advance(1000)
    expect(handled).toEqual([0, 0, 1, 2])
    expect(stage.acknowledged).toEqual(['several'])
    stage.queue.drop()
  })

  test('forgets what it has of a lane that is given again, and waits for the next try with what is given', async () => {
    const handled: number[] = []
    const stage = start({
      lane: 'a',
      async handle(offset) {
        handled.push(offset)
        return handled.length === 1 ? { kind: 'retry', delayMs: 2000 } : { kind: 'done' }
      },
      renew: () => Promise.resolve(),
    })
    stage.give(0, 1)
    await stage.advance(500)
    stage.give(0, 1, 2)
    await stage.advance(1000)
    expect(handled).toEqual([0])
    await stage.advance(1000)
    expect(handled).toEqual([0, 0, 1, 2])
    expect(stage.acknowledged).toEqual(['several'])
    expect(stage.queue.state.pendingMessages).toBe(0)
    stage.queue.drop()
  })
})
