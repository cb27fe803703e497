import { SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, formatPopReceipt } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import type { ClusterClient } from '../../src/connection/cluster-client.ts'
import { PoppedQueue } from '../../src/consumer/popped-queue.ts'
import type { RawPopped } from '../../src/pop/pop.ts'

const invisibleMs = 6000

const receipt = (queueOffset: number): string =>
  formatPopReceipt({
    ...{ startOffset: queueOffset, popTime: 1, invisibleTime: invisibleMs, reviveQueueId: 0 },
    ...{ source: '0', brokerName: 'b', queueId: 0, queueOffset },
  })

const popped = (queueOffset: number): RawPopped =>
  ({
    ...{ queue: { topic: 'T', broker: 'b', queueId: 0 }, queueOffset, receipt: receipt(queueOffset) },
    ...{ attempt: 1, bytes: 100, batch: undefined, ofLiteTopic: undefined, body: Buffer.alloc(0) },
  }) as unknown as RawPopped

/** Runs timers, and what they lead to. */
async function advance(clock: SteppedClock, durationMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
    clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('A message whose time cannot be begun anew keeps no others from being acknowledged.', async () => {
  const clock = new SteppedClock()
  const acknowledged: number[] = []
  const renewals: number[] = []
  const client = {
    runtime: { clock, random: new SeededRandom(1) },
    attemptTimeoutMs: 3000,
    namespace: { wrap: (topic: string) => topic },
    routes: { knownMasterAddress: () => 'b:1', find: async () => {}, masterAddress: () => 'b:1' },
    heartbeats: { known: async () => {} },
    log: { warn() {}, debug() {}, info() {} },
    learnFrom() {},
    askForSuccess: async (_broker: unknown, { command, header }: { command: unknown; header: { offset: number } }) => {
      if (command === commands.changeMessageInvisibletime) {
        renewals.push(header.offset)
        // Its answer does not come.
        if (header.offset === 0) return new Promise(() => {})
        return { extFields: { popTime: '1', invisibleTime: '6000', reviveQid: '0' } }
      }
      acknowledged.push(header.offset)
      return {}
    },
  } as unknown as ClusterClient
  const handlers = [0, 1].map(() => Promise.withResolvers<void>())
  let popsLeft = 1
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
        if (popsLeft-- === 0) return new Promise<never>(() => {})
        return { kind: 'found', messages: [popped(0), popped(1)], unwanted: [], count: 2 }
      },
      laneOf: () => undefined,
      async handle([message]) {
        await handlers[message!.queueOffset]!.promise
        return [{ kind: 'done' }]
      },
      onWork() {
        while (queue.hasWork) void queue.begin()
      },
    },
  )
  void queue.run()
  await advance(clock, 0.7 * invisibleMs)
  expect(renewals.toSorted()).toEqual([0, 1])
  for (const { resolve } of handlers) resolve()
  await advance(clock, 200)
  expect(acknowledged).toEqual([1])
  queue.drop()
})
