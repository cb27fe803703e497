import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { type DecodedMessage, encodeHost, encodeMessageProperties } from '@rocketmq-ts/protocol'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import { describe, expect, test } from 'vitest'
import { CheckBack } from '../../src/transactions/check-back.ts'
import { recordOf } from '../../src/transactions/half-message.ts'
import type { OpWriter } from '../../src/transactions/op-writer.ts'
import { TransactionLog } from '../../src/transactions/transaction-log.ts'
import { settle } from '../kept/config-kit.ts'

const startMs = 1_700_000_000_000
const recordBytes = 1000

/** A log of half messages alone, each at its offset's place. */
class HalfLog {
  readonly transactions = new TransactionLog()
  readonly messages: DecodedMessage[] = []
  readonly stored: StoreMessage[] = []
  refusal: Extract<PutOutcome, { kind: 'refused' }>['cause'] | undefined
  refusesLarge = false

  constructor(count: number, properties: Record<string, string> = {}) {
    for (let offset = 0; offset < count; offset++) {
      this.#add(encodeMessageProperties(Object.entries({ PGROUP: 'g', REAL_TOPIC: 'T', REAL_QID: '0', ...properties })))
    }
    this.transactions.loaded()
  }

  async recordAt(position: number): Promise<Buffer | undefined> {
    const message = this.messages[position / recordBytes]
    return message && recordOf(message)
  }

  put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void): void {
    const cause = this.refusesLarge && messages.length > 1 ? 'illegal' : this.refusal
    if (cause !== undefined) {
      done({ kind: 'refused', cause, reason: 'no' })
      return
    }
    const places = messages.map(({ topic, properties }) => {
      const isHalf = topic === 'RMQ_SYS_TRANS_HALF_TOPIC'
      const { queueOffset, physicalOffset } = isHalf
        ? this.#add(properties.text)
        : { queueOffset: 0, physicalOffset: 0 }
      return { queueOffset, physicalOffset, totalSize: recordBytes, storeTimestamp: startMs }
    })
    this.stored.push(...messages)
    done({ kind: 'stored', places })
  }

  #add(properties: string): DecodedMessage {
    const queueOffset = this.messages.length
    const message: DecodedMessage = {
      topic: 'RMQ_SYS_TRANS_HALF_TOPIC',
      queueId: 0,
      queueOffset,
      physicalOffset: queueOffset * recordBytes,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: startMs,
      bornHost: { host: '127.0.0.1', port: 1 },
      storeTimestamp: startMs,
      storeHost: { host: '127.0.0.1', port: 2 },
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: Buffer.from('b'),
      properties,
      totalSize: recordBytes,
    }
    this.messages.push(message)
    this.transactions.half(message)
    return message
  }
}

function setUp(log: HalfLog, transactionCheckMax = 15) {
  const clock = new SteppedClock(startMs)
  const asked: number[] = []
  const ended: number[] = []
  const checks = new CheckBack({
    clock,
    log: silentLog,
    store: log,
    sink: log,
    topics: { ensureInternal: () => undefined },
    transactions: log.transactions,
    ops: {
      ended: (offset: number) => ended.push(offset),
      messagesFor(offsets: readonly number[]) {
        ended.push(...offsets)
        return []
      },
    } as unknown as OpWriter,
    storeHost: encodeHost('127.0.0.1', 1),
    settings: () => ({
      transactionTimeOut: 1000,
      transactionCheckInterval: 5000,
      transactionCheckMax,
      fileReservedTime: 72,
    }),
    gaveUp: () => {},
    ask: ({ queueOffset }) => asked.push(queueOffset),
    loaded: () => Promise.resolve(),
  })
  checks.start()
  const pass = async (ms: number) => {
    const step = Math.max(1000, ms / 100)
    for (let passed = 0; passed < ms; passed += step) {
      clock.advance(step)
      for (let turns = 0; turns < 20; turns++) await settle(clock)
    }
  }
  return { asked, ended, checks, pass }
}

describe('a round of checks', () => {
  test('asks about all that are open, however many, and about each once', async () => {
    const log = new HalfLog(100)
    const { asked, ended, pass } = setUp(log)
    for (const offset of [3, 50]) {
      log.transactions.beginEnd(offset)
      log.transactions.settle(log.messages[offset]!, 'committed')
    }
    await pass(5000)
    expect(asked).toEqual(Array.from({ length: 98 }, (_, index) => 100 + index))
    expect(ended).toHaveLength(98)
    expect(log.transactions.firstOpen).toBe(100)
  })

  test('stores a half anew that asks for much time, without asking about it', async () => {
    const log = new HalfLog(1, { CHECK_IMMUNITY_TIME_IN_SECONDS: '7200' })
    const { asked, ended, pass } = setUp(log)
    await pass(1_800_000)
    expect([asked, ended, log.transactions.firstOpen]).toEqual([[], [0], 1])
    expect(log.stored[0]!.properties.text).toContain('TRANSACTION_CHECK_TIMES\u00010\u0002')
  })

  test('leaves alone what is just being ended', async () => {
    const log = new HalfLog(2)
    const { asked, pass } = setUp(log)
    log.transactions.beginEnd(0)
    await pass(5000)
    expect(asked).toEqual([2])
    expect(log.transactions.slots.state(0)).toBe('ending')
  })

  test('that cannot store anything is made again, and loses nothing', async () => {
    const log = new HalfLog(2)
    const { asked, pass } = setUp(log)
    log.refusal = 'disk-full'
    await pass(5000)
    expect([asked.length, log.transactions.slots.openCount, log.transactions.firstOpen]).toEqual([0, 2, 0])
    log.refusal = undefined
    await pass(5000)
    expect(asked).toEqual([2, 3])
  })

  test('asks about a half that can never be stored anew where it stands, and about the others', async () => {
    const log = new HalfLog(3)
    const { asked, pass } = setUp(log)
    log.refusesLarge = true
    await pass(5000)
    expect(asked).toEqual([3, 4, 5])
    log.refusal = 'illegal'
    await pass(5000)
    expect(asked.slice(3)).toEqual([3, 4, 5])
    expect(log.transactions.slots.openCount).toBe(3)
    const full = new HalfLog(1, { big: 'x'.repeat(32_680) })
    const other = setUp(full)
    await other.pass(5000)
    expect(other.asked).toEqual([0])
    expect(full.stored).toEqual([])
  })

  test('gives up what was asked about as often as is set, and keeps it', async () => {
    const log = new HalfLog(1, { TRANSACTION_CHECK_TIMES: '2' })
    const { asked, ended, checks, pass } = setUp(log, 2)
    await pass(5000)
    expect(log.stored.map(({ topic }) => topic)).toEqual(['TRANS_CHECK_MAX_TIME_TOPIC'])
    expect([asked, ended, log.transactions.firstOpen]).toEqual([[], [0], undefined])
    expect(checks.counts).toEqual({ asked: 0, givenUp: 1 })
  })

  test('passes by a half that is missing: nothing can become of it', async () => {
    const log = new HalfLog(2)
    const { asked, ended, pass } = setUp(log)
    log.recordAt = async (position) => (position === 0 ? undefined : recordOf(log.messages[position / recordBytes]!))
    await pass(5000)
    expect([asked, ended]).toEqual([[2], [0, 1]])
  })
})
