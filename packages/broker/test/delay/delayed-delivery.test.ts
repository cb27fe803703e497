import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { type MessageToStore, newTopicConfig, recordBytes, writeRecord } from '@rocketmq-ts/protocol'
import type { PutOutcome, QueueUnit, StoreMessage } from '@rocketmq-ts/storage'
import { describe, expect, test } from 'vitest'
import { DelayProgress } from '../../src/delay/delay-progress.ts'
import { delayedDelivery } from '../../src/delay/delayed-delivery.ts'
import { Intake } from '../../src/intake/intake.ts'
import { keptAt } from '../kept/config-kit.ts'

const host = Buffer.from([127, 0, 0, 1, 0, 0, 0, 1])

/** A store with one queue of delayed messages for each level. */
class FakeStore {
  readonly units_: QueueUnit[][] = [[], []]
  readonly records: Buffer[] = []
  readonly delivered: StoreMessage[] = []
  refusals = 0

  add(level: number, dueMs: number, body: string): void {
    const one: MessageToStore = {
      topicBytes: Buffer.from('SCHEDULE_TOPIC_XXXX'),
      queueId: level - 1,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: 1,
      bornHost: host,
      storeHost: host,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: Buffer.from(body),
      propertiesBytes: Buffer.from('REAL_TOPIC\u0001T\u0002REAL_QID\u00012\u0002DELAY\u00011\u0002TAGS\u0001a\u0002'),
    }
    const totalSize = recordBytes(one)
    const record = Buffer.alloc(totalSize)
    writeRecord(record, 0, totalSize, one, 0, 0, 0)
    this.records.push(record)
    this.units_[level - 1]!.push({ physicalOffset: this.records.length - 1, totalSize, tagsCode: dueMs })
  }

  async units(_topic: string, queueId: number, from: number, count: number): Promise<QueueUnit[]> {
    return this.units_[queueId]!.slice(from, from + count)
  }

  async recordsAt(places: readonly { physicalOffset: number }[]): Promise<(Buffer | undefined)[]> {
    return places.map(({ physicalOffset }) => this.records[physicalOffset])
  }

  onCutBack(): void {}

  queueIds(): number[] {
    return [0, 1]
  }

  minOffset(): number {
    return 0
  }

  maxOffset(_topic: string, queueId: number): number {
    return this.units_[queueId]!.length
  }

  put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void): void {
    if (this.refusals-- > 0) {
      done({ kind: 'refused', cause: 'fenced', reason: 'no disk' })
      return
    }
    if (messages.some(({ body }) => body.toString() === 'illegal')) {
      done({ kind: 'refused', cause: 'illegal', reason: 'no such message is stored' })
      return
    }
    this.delivered.push(...messages)
    done({ kind: 'stored', places: [] })
  }
}

function setUp(path: string) {
  const clock = new SteppedClock()
  const store = new FakeStore()
  const config = keptAt(`${path}/delayOffset.json`, { clock })
  const openProgress = () => new DelayProgress({ config, flushIntervalMs: 10_000 })
  const progress = openProgress()
  const topics = { ensureInternal: (topic: string) => newTopicConfig(topic) }
  const delivery = delayedDelivery({
    clock,
    log: silentLog,
    store,
    sink: store,
    intake: new Intake('due', { topics, highestDelayLevel: 2 }),
    progress,
    storeHost: host,
    delayLevelsMs: [1000, 5000],
    onDelivered: () => {},
  })
  const close = async () => {
    await delivery.drain()
    progress.close()
  }
  const bodies = () => store.delivered.map(({ body }) => body.toString())
  return { clock, store, delivery, bodies, close, openProgress }
}

/** Lets promises that are resolved run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('delayed messages', () => {
  test('come when they are due, not before, in their real topic and queue', async () => {
    using folder = temporaryFolder()
    const { clock, store, delivery, bodies, close } = setUp(folder.path)
    store.add(1, clock.now() + 1000, 'one')
    store.add(2, clock.now() + 5000, 'five')
    delivery.start()
    await settle()
    clock.advance(999)
    await settle()
    expect(bodies()).toEqual([])
    clock.advance(1)
    await settle()
    expect(bodies()).toEqual(['one'])
    expect(store.delivered[0]).toMatchObject({ topic: 'T', queueId: 2 })
    clock.advance(4000)
    await settle()
    expect(bodies()).toEqual(['one', 'five'])
    await close()
  })

  test('that arrive while nothing is waiting are taken up', async () => {
    using folder = temporaryFolder()
    const { clock, store, delivery, bodies, close } = setUp(folder.path)
    delivery.start()
    await settle()
    store.add(1, clock.now(), 'now')
    delivery.arrived('SCHEDULE_TOPIC_XXXX', 0)
    await settle()
    expect(bodies()).toEqual(['now'])
    await close()
  })

  test('come after the time of their level when the clock was set back, and not before', async () => {
    using folder = temporaryFolder()
    const { clock, store, delivery, bodies, close } = setUp(folder.path)
    const hourMs = 3_600_000
    delivery.start()
    await settle()
    for (const body of ['a', 'b']) {
      store.add(2, clock.now() + hourMs, body)
      delivery.arrived('SCHEDULE_TOPIC_XXXX', 1)
      clock.advance(2000)
      await settle()
    }
    clock.advance(999)
    await settle()
    expect(bodies()).toEqual([])
    clock.advance(1)
    await settle()
    expect(bodies()).toEqual(['a'])
    clock.advance(1999)
    await settle()
    expect(bodies()).toEqual(['a'])
    clock.advance(1)
    await settle()
    expect(bodies()).toEqual(['a', 'b'])
    await close()
  })

  test('that wait when the broker starts, while the clock is behind, come after the time of their level', async () => {
    using folder = temporaryFolder()
    const { clock, store, delivery, bodies, close } = setUp(folder.path)
    for (const body of ['a', 'b']) store.add(1, clock.now() + 3_600_000, body)
    delivery.start()
    await settle()
    clock.advance(999)
    await settle()
    expect(bodies()).toEqual([])
    clock.advance(1)
    await settle()
    expect(bodies()).toEqual(['a', 'b'])
    await close()
  })

  test('are tried again when the store refuses them', async () => {
    using folder = temporaryFolder()
    const { clock, store, delivery, bodies, close } = setUp(folder.path)
    store.refusals = 1
    store.add(1, clock.now(), 'again')
    delivery.start()
    await settle()
    expect(bodies()).toEqual([])
    clock.advance(1000)
    await settle()
    expect(bodies()).toEqual(['again'])
    await close()
  })

  test('do not wait for one whose record is damaged', async () => {
    using folder = temporaryFolder()
    const { clock, store, delivery, bodies, close } = setUp(folder.path)
    for (const body of ['one', 'damaged', 'three']) store.add(1, clock.now(), body)
    const record = store.records[1]!
    record[record.indexOf('damaged')] = 0
    delivery.start()
    await settle()
    expect(bodies()).toEqual(['one', 'three'])
    await close()
  })

  test('do not wait for one that can never be stored', async () => {
    using folder = temporaryFolder()
    const { clock, store, delivery, bodies, close } = setUp(folder.path)
    for (const body of ['one', 'illegal', 'three']) store.add(1, clock.now(), body)
    delivery.start()
    await settle()
    expect(bodies()).toEqual(['one', 'three'])
    await close()
  })

  test('that were delivered are not delivered again after a restart', async () => {
    using folder = temporaryFolder()
    const { clock, store, delivery, openProgress, close } = setUp(folder.path)
    for (let index = 0; index < 100; index++) store.add(1, clock.now(), `m${index}`)
    delivery.start()
    await expect.poll(() => store.delivered.length).toBe(100)
    await close()
    expect(openProgress().offset(1)).toBe(100)
  })
})
