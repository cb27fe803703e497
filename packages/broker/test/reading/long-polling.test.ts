import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { type HeldPull, LongPolling } from '../../src/reading/long-polling.ts'

class FakePull implements HeldPull {
  readonly topic: string
  readonly queueId: number
  readonly connectionId = 7
  readonly lane: HeldPull['lane']
  readonly log: string[] = []
  answers: (boolean | Promise<boolean>)[] = []

  constructor(topic = 'T', queueId = 0, lane: HeldPull['lane'] = 'pull') {
    this.lane = lane
    this.topic = topic
    this.queueId = queueId
  }

  retry(): boolean | Promise<boolean> {
    this.log.push('retry')
    return this.answers.shift() ?? true
  }

  giveUp(): void {
    this.log.push('giveUp')
  }
}

describe('a pull that waits', () => {
  test('reads again when messages arrive in its queue, and in no other', () => {
    const polling = new LongPolling(new SteppedClock(), 100)
    const pull = new FakePull('T', 1)
    polling.hold(pull, 1000)
    polling.arrived('T', 0)
    polling.arrived('U', 1)
    expect(pull.log).toEqual([])
    polling.arrived('T', 1)
    expect(pull.log).toEqual(['retry'])
    expect(polling.count).toBe(0)
  })

  test('finds no place when its connection has as many as one may have, and finds one again later', () => {
    const polling = new LongPolling(new SteppedClock(), 2)
    const pulls = [new FakePull(), new FakePull(), new FakePull()]
    expect(pulls.map((pull) => polling.hold(pull, 1000))).toEqual([true, true, false])
    expect(polling.count).toBe(2)
    polling.arrived('T', 0)
    expect(pulls.map(({ log }) => log)).toEqual([['retry'], ['retry'], []])
    expect(polling.hold(pulls[2]!, 1000)).toBe(true)
  })

  test('is told after its time that there is nothing, once', () => {
    const clock = new SteppedClock()
    const polling = new LongPolling(clock, 100)
    const pull = new FakePull()
    pull.answers = [false]
    polling.hold(pull, 1000)
    polling.arrived('T', 0)
    clock.advance(999)
    expect(pull.log).toEqual(['retry'])
    clock.advance(1)
    polling.arrived('T', 0)
    clock.advance(5000)
    expect(pull.log).toEqual(['retry', 'giveUp'])
  })

  test('is not told after it was answered', () => {
    const clock = new SteppedClock()
    const polling = new LongPolling(clock, 100)
    const pull = new FakePull()
    polling.hold(pull, 1000)
    polling.arrived('T', 0)
    clock.advance(5000)
    expect(pull.log).toEqual(['retry'])
  })

  test('reads once more when messages arrive while it reads a file', async () => {
    const polling = new LongPolling(new SteppedClock(), 100)
    const pull = new FakePull()
    const reading = Promise.withResolvers<boolean>()
    pull.answers = [reading.promise, true]
    polling.hold(pull, 1000)
    polling.arrived('T', 0)
    polling.arrived('T', 0)
    expect(pull.log).toEqual(['retry'])
    reading.resolve(false)
    await expect.poll(() => pull.log).toEqual(['retry', 'retry'])
    expect(polling.count).toBe(0)
  })

  test('gives its place up when its connection is gone', () => {
    const clock = new SteppedClock()
    const polling = new LongPolling(clock, 100)
    const pull = new FakePull()
    polling.hold(pull, 1000)
    polling.disconnected(8)
    expect(polling.count).toBe(1)
    polling.disconnected(7)
    expect(pull.log).toEqual(['giveUp'])
    expect(polling.count).toBe(0)
    polling.arrived('T', 0)
    clock.advance(5000)
    expect(pull.log).toEqual(['giveUp'])
  })

  test('is counted in its lane', () => {
    const polling = new LongPolling(new SteppedClock(), 100)
    const lanes = ['pull', 'lite-pull', 'lite-pull'] as const
    for (const lane of lanes) polling.hold(new FakePull('T', 0, lane), 1000)
    expect([polling.countIn('pull'), polling.countIn('lite-pull'), polling.count]).toEqual([1, 2, 3])
    polling.arrived('T', 0)
    expect([polling.countIn('pull'), polling.countIn('lite-pull'), polling.count]).toEqual([0, 0, 0])
  })

  test('is answered when the broker stops, and so is each that comes later', () => {
    const clock = new SteppedClock()
    const polling = new LongPolling(clock, 100)
    const pulls = [new FakePull('T'), new FakePull('U')]
    polling.hold(pulls[0]!, 1000)
    polling.close()
    expect(polling.hold(pulls[1]!, 1000)).toBe(true)
    clock.advance(5000)
    expect(pulls.map(({ log }) => log)).toEqual([['giveUp'], ['giveUp']])
    expect(polling.count).toBe(0)
  })
})
