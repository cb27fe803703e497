import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { scheduleTopic } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BrokerStatistics, type CountersMemo } from '../../src/statistics/index.ts'

/** A clock that can be set, while timers go by the time that has passed. */
class SetClock extends SteppedClock {
  aheadMs = 0

  override now(): number {
    return super.now() + this.aheadMs
  }
}

function open(startMs?: number) {
  const clock = new SetClock(startMs)
  const statistics = new BrokerStatistics({
    clock,
    clusterName: 'DefaultCluster',
    isSystemTopic: (topic) => topic === 'SYSTEM',
    countsLightQueues: () => false,
  })
  statistics.start()
  return { clock, statistics }
}

const none = { sum: 0, tps: 0, avgpt: 0 }
const names = [
  'TOPIC_PUT_NUMS',
  'TOPIC_PUT_LATENCY',
  'QUEUE_PUT_NUMS',
  'GROUP_GET_NUMS',
  'GROUP_GET_LATENCY',
  'QUEUE_GET_SIZE',
  'SNDBCK2DLQ_TIMES',
  'CHANNEL_ACTIVITY',
  'BROKER_GET_NUMS',
]

describe('a statistic', () => {
  test('is unknown until something was counted', () => {
    const { statistics } = open()
    expect(statistics.view('TOPIC_PUT_NUMS', 'T')).toBeUndefined()
    expect(statistics.view('BROKER_PUT_NUMS', 'DefaultCluster')).toBeUndefined()
    expect(statistics.view('NO_SUCH', 'T')).toBeUndefined()
  })

  test('shows the last minute as the official broker does, from the next sample on', () => {
    const { clock, statistics } = open()
    clock.advance(100_000)
    for (let index = 0; index < 12; index++) statistics.stored('TX', 0, 1, 226)
    expect(statistics.view('TOPIC_PUT_NUMS', 'TX')?.statsMinute).toEqual(none)
    clock.advance(10_000)
    // A topic that is 10 s old has a rate over 10 s.
    expect(statistics.view('TOPIC_PUT_NUMS', 'TX')).toEqual({
      statsMinute: { sum: 12, tps: 1.2, avgpt: 1 },
      statsHour: none,
      statsDay: none,
    })
    expect(statistics.view('TOPIC_PUT_SIZE', 'TX')?.statsMinute).toEqual({ sum: 2712, tps: 271.2, avgpt: 226 })
    clock.advance(50_000)
    expect(statistics.view('TOPIC_PUT_NUMS', 'TX')?.statsMinute).toEqual({ sum: 12, tps: 0.2, avgpt: 1 })
    clock.advance(10_000)
    expect(statistics.view('TOPIC_PUT_NUMS', 'TX')?.statsMinute).toEqual(none)
  })

  test('is the same when its counters are remembered, and never that of another topic', () => {
    const { clock, statistics } = open()
    const memo: CountersMemo = { topic: 'T', counters: undefined }
    statistics.stored('T', 0, 1, 10)
    statistics.stored('T', 0, 2, 20, memo)
    statistics.stored('T', 0, 3, 30, memo)
    statistics.stored('U', 0, 5, 50, memo)
    clock.advance(10_000)
    expect(statistics.view('TOPIC_PUT_NUMS', 'T')?.statsMinute?.sum).toBe(6)
    expect(statistics.view('TOPIC_PUT_SIZE', 'T')?.statsMinute?.sum).toBe(60)
    expect(statistics.view('TOPIC_PUT_NUMS', 'U')?.statsMinute?.sum).toBe(5)
  })

  test('averages over requests, but for those of the whole broker', () => {
    const { clock, statistics } = open()
    statistics.got('g', 'T', 3, 300)
    statistics.got('g', 'T', 2, 200)
    clock.advance(10_000)
    expect(statistics.view('GROUP_GET_NUMS', 'T@g')?.statsMinute).toEqual({ sum: 5, tps: 0.5, avgpt: 2.5 })
    expect(statistics.view('BROKER_GET_NUMS', 'DefaultCluster')?.statsMinute).toEqual({ sum: 5, tps: 0.5, avgpt: 0 })
    expect(statistics.groupGetTps('g', 'T')).toBe(0.5)
    expect(statistics.groupGetTps('g', 'U')).toBe(0)
  })

  test('shows the last hour and day', () => {
    const { clock, statistics } = open()
    statistics.stored('T', 0, 1, 10)
    clock.advance(600_000)
    expect(statistics.view('TOPIC_PUT_NUMS', 'T')?.statsHour).toEqual({ sum: 1, tps: 1 / 600, avgpt: 1 })
    statistics.stored('T', 0, 5, 10)
    clock.advance(3_000_000)
    expect(statistics.view('TOPIC_PUT_NUMS', 'T')?.statsHour).toEqual({ sum: 6, tps: 6 / 3600, avgpt: 3 })
    expect(statistics.view('TOPIC_PUT_NUMS', 'T')?.statsDay?.sum).toBe(6)
    clock.advance(25 * 3_600_000)
    expect(statistics.view('TOPIC_PUT_NUMS', 'T')).toEqual({ statsMinute: none, statsHour: none, statsDay: none })
  })

  test('counts what is sent back and dead letters, for the owner that clients of RocketMQ have too', () => {
    const { clock, statistics } = open()
    statistics.sentBack('g', 'T')
    statistics.deadLettered('g', 'T')
    clock.advance(10_000)
    for (const [name, key] of [
      ['SNDBCK_PUT_NUMS', 'T@g'],
      ['DLQ_PUT_NUMS', 'T@g'],
      ['SNDBCK2DLQ_TIMES', 'null@T@g@SEND_BACK_TO_DLQ'],
    ] as const) {
      expect(statistics.view(name, key)?.statsMinute).toEqual({ sum: 1, tps: 0.1, avgpt: 1 })
    }
    expect(statistics.view('SNDBCK2DLQ_TIMES', 'me@T@g@SEND_BACK_TO_DLQ')).toBeUndefined()
  })

  test('tells how long sends and reads took, by queue, and knows of those that took no time', () => {
    const { clock, statistics } = open()
    const topic = statistics.stored('T', 3, 1, 10)
    statistics.sendTook(topic, 3, 7.9)
    statistics.sendTook(topic, 3, 0.2)
    statistics.sendTook(topic, 4, 0)
    const group = statistics.got('g', 'T', 1, 10)
    statistics.pullTook(group, 3, 5.5)
    statistics.popTook('g', 'T', -1, 2)
    clock.advance(10_000)
    const minute = (name: string, key: string) => statistics.view(name, key)?.statsMinute
    expect(minute('TOPIC_PUT_LATENCY', '3@T')).toEqual({ sum: 7, tps: 0.7, avgpt: 3.5 })
    expect(minute('TOPIC_PUT_LATENCY', '4@T')).toEqual(none)
    expect(minute('TOPIC_PUT_LATENCY', '5@T')).toBeUndefined()
    expect(minute('GROUP_GET_LATENCY', '3@T@g')).toEqual({ sum: 5, tps: 0.5, avgpt: 5 })
    expect(minute('GROUP_GET_LATENCY', '-1@T@g')).toEqual({ sum: 2, tps: 0.2, avgpt: 2 })
    expect(statistics.getMsMax).toBe(5.5)
  })

  test('counts every latency, however many come between two samples', () => {
    const { clock, statistics } = open()
    const topic = statistics.stored('T', 0, 1, 10)
    for (let index = 0; index < 10_000; index++) statistics.sendTook(topic, index % 2, 1)
    clock.advance(10_000)
    for (const key of ['0@T', '1@T']) expect(statistics.view('TOPIC_PUT_LATENCY', key)?.statsMinute?.sum).toBe(5000)
  })

  test('counts the queues of delay levels, and what is delivered from them', () => {
    const { clock, statistics } = open()
    statistics.stored(scheduleTopic, 2, 1, 100)
    statistics.stored('T', 2, 1, 100)
    statistics.deliveredFromLevel(3, 90)
    clock.advance(10_000)
    const sums = (name: string, key: string) => statistics.view(name, key)?.statsMinute?.sum
    expect(sums('QUEUE_PUT_NUMS', `${scheduleTopic}@2`)).toBe(1)
    expect(sums('QUEUE_PUT_SIZE', `${scheduleTopic}@2`)).toBe(100)
    expect(sums('QUEUE_PUT_NUMS', 'T@2')).toBeUndefined()
    expect(sums('QUEUE_GET_NUMS', `${scheduleTopic}@2@SCHEDULE_CONSUMER`)).toBe(1)
    expect(sums('QUEUE_GET_SIZE', `${scheduleTopic}@2@SCHEDULE_CONSUMER`)).toBe(90)
    expect(sums('GROUP_GET_NUMS', `${scheduleTopic}@SCHEDULE_CONSUMER`)).toBe(1)
  })

  test('counts clients that register, and connections that come and go', () => {
    const { clock, statistics } = open()
    statistics.registered('consumer', 0.3)
    statistics.registered('producer', 12.5)
    statistics.channel('CONNECT')
    statistics.channel('CONNECT')
    statistics.channel('IDLE')
    clock.advance(10_000)
    const minute = (name: string, key: string) => statistics.view(name, key)?.statsMinute
    expect(minute('CONSUMER_REGISTER_TIME', 'DefaultCluster')).toEqual(none)
    expect(minute('PRODUCER_REGISTER_TIME', 'DefaultCluster')).toEqual({ sum: 12, tps: 1.2, avgpt: 12 })
    expect(minute('CHANNEL_ACTIVITY', 'CONNECT')?.sum).toBe(2)
    expect(minute('CHANNEL_ACTIVITY', 'IDLE')?.sum).toBe(1)
    expect(minute('CHANNEL_ACTIVITY', 'CLOSE')).toBeUndefined()
  })

  test('is unknown under names and keys that nothing has, whatever they are', () => {
    const { clock, statistics } = open()
    statistics.sendTook(statistics.stored('T', 0, 1, 10), 0, 1)
    clock.advance(10_000)
    fc.assert(
      fc.property(
        fc.constantFrom(...names, '__proto__', 'constructor', ''),
        fc.oneof(fc.string(), fc.constantFrom('@', '@@', '-2@T', '0@', 'x@T', '1e3@T', 'constructor', '__proto__@T')),
        (name, key) => {
          if (key === 'T' || key === '0@T') return
          expect(statistics.view(name, key)).toBeUndefined()
        },
      ),
    )
  })

  test('goes with its topic or group', () => {
    const { clock, statistics } = open()
    statistics.stored('T', 0, 1, 1)
    statistics.stored('U', 0, 1, 1)
    statistics.got('g', 'T', 1, 1)
    statistics.got('T', 'U', 1, 1)
    statistics.sentBack('g', 'T')
    statistics.subscriptionsDiffer('T')
    clock.advance(10_000)
    statistics.removeTopic('T')
    expect(statistics.view('TOPIC_PUT_NUMS', 'T')).toBeUndefined()
    expect(statistics.view('GROUP_GET_NUMS', 'T@g')).toBeUndefined()
    expect(statistics.view('SNDBCK_PUT_NUMS', 'T@g')).toBeUndefined()
    expect(statistics.view('TOPIC_PUT_NUMS', 'U')).toBeDefined()
    expect(statistics.view('GROUP_GET_NUMS', 'U@T')).toBeDefined()
    expect(statistics.view('GROUP_SUBSCRIPTIONS_DIFFER', 'T')).toBeDefined()
    statistics.removeGroup('T')
    expect(statistics.view('GROUP_SUBSCRIPTIONS_DIFFER', 'T')).toBeUndefined()
    expect(statistics.view('GROUP_GET_NUMS', 'U@T')).toBeUndefined()
    statistics.stored('T', 0, 2, 1)
    clock.advance(10_000)
    expect(statistics.view('TOPIC_PUT_NUMS', 'T')?.statsMinute?.sum).toBe(2)
  })

  test('is told of each of 10,000 topics', () => {
    const { clock, statistics } = open()
    for (let index = 0; index < 10_000; index++) {
      statistics.sendTook(statistics.stored(`T${index}`, index % 8, (index % 3) + 1, 10), index % 8, index % 5)
    }
    clock.advance(10_000)
    for (let index = 0; index < 10_000; index++) {
      expect(statistics.view('TOPIC_PUT_NUMS', `T${index}`)?.statsMinute?.sum).toBe((index % 3) + 1)
      expect(statistics.view('TOPIC_PUT_LATENCY', `${index % 8}@T${index}`)?.statsMinute?.sum).toBe(index % 5)
    }
  })

  test('sums the last six intervals, however much came in each', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 30 }), (counts) => {
        const { clock, statistics } = open()
        statistics.stored('T', 0, 1, 1)
        clock.advance(10_000)
        for (const count of counts) {
          for (let index = 0; index < count; index++) statistics.stored('T', 0, 1, 1)
          clock.advance(10_000)
        }
        const last = [1, ...counts].slice(-6)
        const sum = last.reduce((left, right) => left + right, 0)
        expect(statistics.view('TOPIC_PUT_NUMS', 'T')?.statsMinute).toMatchObject({
          sum,
          tps: sum / (last.length * 10),
        })
      }),
    )
  })
})

describe('the whole broker', () => {
  test('has rates over 10, 60 and 600 seconds, once it is so old', () => {
    const { clock, statistics } = open()
    expect(statistics.rates.rates('put')).toEqual([undefined, undefined, undefined])
    clock.advance(30_000)
    statistics.stored('T', 0, 20, 1)
    clock.advance(1000)
    expect(statistics.rates.rates('put')).toEqual([2, undefined, undefined])
    clock.advance(599_000)
    expect(statistics.rates.rates('put')).toEqual([0, 0, 20 / 600])
  })

  test('keeps totals, without system topics at the last two midnights', () => {
    const evening = new Date(2026, 10, 23, 23, 59, 0).getTime()
    const { clock, statistics } = open(evening)
    statistics.stored('T', 0, 3, 30)
    statistics.stored('SYSTEM', 0, 1, 5)
    statistics.got('g', 'T', 2, 20)
    statistics.missed()
    statistics.putFailed()
    expect(statistics.totals).toEqual({
      put: 4,
      putOfUsers: 3,
      putBytes: 35,
      putFailed: 1,
      got: 2,
      gotOfUsers: 2,
      pullsFound: 1,
      pullsMissed: 1,
    })
    expect(statistics.atMidnights('put')).toEqual({ yesterdayMorning: 0, todayMorning: 0 })
    clock.advance(120_000)
    expect(statistics.atMidnights('put')).toEqual({ yesterdayMorning: 0, todayMorning: 3 })
    statistics.stored('T', 0, 1, 1)
    clock.advance(24 * 3_600_000)
    expect(statistics.atMidnights('put')).toEqual({ yesterdayMorning: 3, todayMorning: 4 })
    expect(statistics.atMidnights('got')).toEqual({ yesterdayMorning: 2, todayMorning: 2 })
  })

  const hourMs = 3_600_000

  test('keeps the totals of a midnight once, although the clock goes a little slower than timers', () => {
    const { clock, statistics } = open(new Date(2026, 10, 23, 12, 0, 0).getTime())
    for (let day = 1; day <= 3; day++) {
      statistics.stored('T', 0, 10, 10)
      for (let hour = 0; hour < 24; hour++) {
        clock.advance(hourMs)
        clock.aheadMs -= 50
      }
      clock.advance(1000)
      const morning = 10 * day
      expect(statistics.atMidnights('put')).toEqual({ yesterdayMorning: morning - 10, todayMorning: morning })
    }
  })

  test('keeps the totals of the midnights that the clock has passed when it is set, or the machine slept', () => {
    const { clock, statistics } = open(new Date(2026, 10, 23, 12, 0, 0).getTime())
    statistics.stored('T', 0, 10, 10)
    clock.aheadMs += 24 * hourMs
    clock.advance(60_000)
    expect(statistics.atMidnights('put')).toEqual({ yesterdayMorning: 0, todayMorning: 10 })
    statistics.stored('T', 0, 5, 5)
    clock.aheadMs += 48 * hourMs
    clock.advance(60_000)
    expect(statistics.atMidnights('put')).toEqual({ yesterdayMorning: 15, todayMorning: 15 })
    clock.aheadMs -= 72 * hourMs
    clock.advance(60_000)
    expect(statistics.atMidnights('put')).toEqual({ yesterdayMorning: 15, todayMorning: 15 })
    statistics.stored('T', 0, 1, 1)
    clock.advance(12 * hourMs)
    expect(statistics.atMidnights('put')).toEqual({ yesterdayMorning: 15, todayMorning: 16 })
  })

  test('shows how long stores took in the last full minute', () => {
    const { clock, statistics } = open()
    const { putLatencies } = statistics
    for (let index = 0; index < 98; index++) putLatencies.add(0.4)
    putLatencies.add(7)
    putLatencies.add(60_000)
    expect(putLatencies.distribution()).toBeUndefined()
    clock.advance(60_000)
    expect(putLatencies.distribution()).toBe(
      '[<=0ms]:98 [0~10ms]:1 [10~50ms]:0 [50~100ms]:0 [100~200ms]:0 [200~500ms]:0 [500ms~1s]:0 [1~2s]:0 [2~3s]:0 [3~4s]:0 [4~5s]:0 [5~10s]:0 [10s~]:1 ',
    )
    expect([putLatencies.percentileMs(0.5), putLatencies.percentileMs(0.99), putLatencies.maxMs]).toEqual([
      0, 7, 60_000,
    ])
    clock.advance(60_000)
    expect(putLatencies.percentileMs(0.99)).toBe(0)
  })
})
