import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import type { DecodedMessage } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { InternalConsumer, type InternalConsumerOptions } from '../../src/internal-consumer/internal-consumer.ts'
import { decodedRecord } from '../../src/stored-message.ts'
import { recordingLog, settle } from '../kept/config-kit.ts'
import { FakeInternalStore } from './fake-internal-store.ts'

const topic = 'RMQ_SYS_TEST'

function setUp(progress: Record<number, number> = {}, options: Partial<InternalConsumerOptions<DecodedMessage>> = {}) {
  const wentBack: [queueId: number, offset: number][] = []
  const clock = new SteppedClock()
  const { log, lines } = recordingLog()
  const store = new FakeInternalStore(topic, 2)
  const handled: string[] = []
  const open = () =>
    new InternalConsumer({
      clock,
      log,
      store,
      topic,
      queueCount: 2,
      progress: {
        offset: (queueId) => progress[queueId] ?? 0,
        setOffset: (queueId, offset) => {
          progress[queueId] = offset
        },
        goBack: (queueId, offset) => {
          progress[queueId] = offset
          wentBack.push([queueId, offset])
        },
      },
      decode: decodedRecord,
      async handle(messages: readonly DecodedMessage[], queueId) {
        handled.push(...messages.map(({ body }) => `${queueId}:${body}`))
      },
      ...options,
    })
  return { clock, lines, store, handled, progress, wentBack, open }
}

describe('a topic that the broker reads itself', () => {
  test('is read queue by queue in order, at the start and when messages arrive', async () => {
    const { clock, store, handled, progress, open } = setUp()
    for (const body of ['a', 'b']) store.add(0, body)
    store.add(1, 'c')
    const consumer = open()
    consumer.start()
    await settle(clock)
    expect(handled.toSorted()).toEqual(['0:a', '0:b', '1:c'])
    store.add(0, 'd')
    consumer.arrived('another', 0)
    await settle(clock)
    expect(handled).toHaveLength(3)
    consumer.arrived(topic, 0)
    await settle(clock)
    expect(handled.at(-1)).toBe('0:d')
    expect(progress).toEqual({ 0: 3, 1: 1 })
    expect(consumer.progress()).toEqual([
      { nextOffset: 3, maxOffset: 3 },
      { nextOffset: 1, maxOffset: 1 },
    ])
  })

  test('goes on where it was, or at the first message that is left', async () => {
    const { clock, store, handled, open } = setUp({ 0: 1 })
    for (const body of ['a', 'b', 'c', 'd']) store.add(0, body)
    store.min = 2
    open().start()
    await settle(clock)
    expect(handled).toEqual(['0:c', '0:d'])
  })

  test('is read in any number of messages', async () => {
    const { clock, store, handled, open } = setUp()
    for (let index = 0; index < 1000; index++) store.add(0, `${index}`)
    open().start()
    for (let turn = 0; turn < 20; turn++) await settle(clock)
    expect(handled).toEqual(Array.from({ length: 1000 }, (_, index) => `0:${index}`))
  })

  test('whose progress points past its end goes on at the end, and says so once', async () => {
    const { clock, store, handled, progress, wentBack, lines, open } = setUp({ 0: 7 })
    for (const body of ['a', 'b']) store.add(0, body)
    const consumer = open()
    expect(wentBack).toEqual([[0, 2]])
    // What arrives stands where lost messages stood.
    for (const body of ['new', 'newer']) store.add(0, body)
    consumer.start()
    await settle(clock)
    expect(handled).toEqual(['0:new', '0:newer'])
    expect(progress[0]).toBe(4)
    expect(lines).toEqual([{ level: 'warn', message: expect.stringMatching(/points past its end/) }])
  })

  test('goes on at its end when that cannot be kept, and says so', async () => {
    const progress = {
      offset: () => 7,
      setOffset() {},
      goBack() {
        throw new Error('the disk is full')
      },
    }
    const { lines, open } = setUp({}, { progress })
    open()
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'error', 'warn', 'error'])
  })

  test('that is cut back while the broker runs goes on at its new end', async () => {
    const { clock, store, handled, wentBack, lines, open } = setUp()
    for (const body of ['a', 'b', 'c']) store.add(0, body)
    const consumer = open()
    consumer.start()
    await settle(clock)
    store.cutBack(0, 1)
    expect(wentBack).toEqual([[0, 1]])
    for (const body of ['b', 'c', 'd']) store.add(0, `other ${body}`)
    consumer.arrived(topic, 0)
    await settle(clock)
    expect(handled).toEqual(['0:a', '0:b', '0:c', '0:other b', '0:other c', '0:other d'])
    expect(lines).toHaveLength(1)
  })

  test('that is cut back while its messages are handled goes on at its new end', async () => {
    const gate = Promise.withResolvers<void>()
    const bodies: string[] = []
    const handle = async (messages: readonly DecodedMessage[]) => {
      bodies.push(...messages.map(({ body }) => body.toString()))
      await gate.promise
    }
    const { clock, store, progress, open } = setUp({}, { handle })
    for (const body of ['a', 'b', 'c']) store.add(0, body)
    open().start()
    await settle(clock)
    store.cutBack(0, 0)
    for (const body of ['A', 'B', 'C', 'D']) store.add(0, body)
    gate.resolve()
    await settle(clock)
    expect(bodies).toEqual(['a', 'b', 'c', 'A', 'B', 'C', 'D'])
    expect(progress[0]).toBe(4)
  })

  test('waits for the time of a message, and so do those behind it', async () => {
    const waitMs: InternalConsumerOptions<DecodedMessage>['waitMs'] = (_queueId, { tagsCode }, nowMs) =>
      tagsCode - nowMs
    const { clock, store, handled, open } = setUp({}, { waitMs })
    store.add(0, 'now', clock.now())
    store.add(0, 'later', clock.now() + 500)
    store.add(0, 'behind it', clock.now())
    open().start()
    await settle(clock)
    expect(handled).toEqual(['0:now'])
    clock.advance(499)
    await settle(clock)
    expect(handled).toEqual(['0:now'])
    clock.advance(1)
    await settle(clock)
    expect(handled).toEqual(['0:now', '0:later', '0:behind it'])
  })

  test('sees within a second that the clock was set while a message waits', async () => {
    let clockAheadMs = 0
    const waitMs: InternalConsumerOptions<DecodedMessage>['waitMs'] = (_queueId, { tagsCode }, nowMs) =>
      tagsCode - nowMs - clockAheadMs
    const { clock, store, handled, open } = setUp({}, { waitMs })
    store.add(0, 'in an hour', clock.now() + 3_600_000)
    open().start()
    await settle(clock)
    clockAheadMs = 3_600_000
    clock.advance(1000)
    await settle(clock)
    expect(handled).toEqual(['0:in an hour'])
  })

  test('gives messages again that could not be handled, in order, and says it once until it works', async () => {
    let failures = 3
    const done: string[] = []
    const handle = async (messages: readonly DecodedMessage[]) => {
      if (failures-- > 0) throw new Error('the store is full')
      done.push(...messages.map(({ body }) => body.toString()))
    }
    const { clock, store, lines, progress, open } = setUp({}, { handle })
    for (const body of ['a', 'b']) store.add(0, body)
    open().start()
    for (let second = 0; second < 5; second++) {
      await settle(clock)
      clock.advance(1000)
    }
    expect(done).toEqual(['a', 'b'])
    expect(progress[0]).toBe(2)
    expect(lines).toEqual([{ level: 'error', message: expect.stringMatching(/goes on trying/) }])
  })

  test('passes by a message that is damaged or missing, and says so', async () => {
    const { clock, store, handled, lines, open } = setUp()
    for (const body of ['a', 'damaged', 'missing', 'd']) store.add(0, body)
    const record = store.records[1]!
    record[record.indexOf('damaged')] = 0
    store.queues[0]![2]!.physicalOffset = 99
    open().start()
    await settle(clock)
    expect(handled).toEqual(['0:a', '0:d'])
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn'])
  })

  test('is left alone once it is drained, which waits for what is being handled', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const handle = () => promise
    const { clock, store, progress, open } = setUp({}, { handle })
    store.add(0, 'a')
    const consumer = open()
    consumer.start()
    await settle(clock)
    let isDrained = false
    const draining = consumer.drain().then(() => {
      isDrained = true
    })
    await settle(clock)
    expect(isDrained).toBe(false)
    resolve()
    await draining
    store.add(0, 'b')
    consumer.arrived(topic, 0)
    clock.advance(5000)
    await settle(clock)
    expect(progress[0]).toBe(1)
  })
})
