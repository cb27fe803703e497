import { SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import type { RemotingCommand } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { Deadline } from '../../src/calls/deadline.ts'
import { RouteCache } from '../../src/routing/route-cache.ts'
import { routeAnswer } from './route-answer.ts'

function scene() {
  const clock = new SteppedClock()
  const flights: ((answer: RemotingCommand) => void)[] = []
  const cache = new RouteCache({
    clock,
    random: new SeededRandom(1),
    lookUpTimeoutMs: 1000,
    nameServers: {
      read: async (_command, _header, _deadline, read) =>
        read(await new Promise<RemotingCommand>((resolve) => void flights.push(resolve))),
      readEach: async () => [],
    },
  })
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return { clock, flights, cache, settled }
}

describe('routes', () => {
  test('are looked up once, however many ask and however many errors come', async () => {
    const { clock, flights, cache, settled } = scene()
    const finding = Array.from({ length: 100 }, () => cache.find('T', new Deadline(clock, {}, 1000)))
    for (let n = 0; n < 100; n++) cache.refreshSoon('T')
    expect(flights.length).toBe(1)
    flights[0]!(routeAnswer(2))
    for (const found of await Promise.all(finding)) expect(found.writeQueues.length).toBe(2)
    for (let n = 0; n < 100; n++) cache.refreshSoon('T')
    expect(flights.length).toBe(2)
    expect(cache.known('T')!.writeQueues.length).toBe(2)
    flights[1]!(routeAnswer(3))
    await settled()
    expect(cache.known('T')!.writeQueues.length).toBe(3)
    cache.close()
  })

  test('are looked up again every 30 s while they are used, and forgotten when they are not', async () => {
    const { clock, flights, cache, settled } = scene()
    cache.refreshSoon('T')
    flights.shift()!(routeAnswer(1))
    await settled()
    for (let n = 0; n < 20; n++) {
      clock.advance(30_000)
      expect(flights.length).toBe(1)
      flights.shift()!(routeAnswer(1))
      await settled()
    }
    clock.advance(30_000)
    expect(flights.length).toBe(0)
    expect(cache.known('T')).toBeUndefined()
    cache.close()
  })

  test('of one topic do not wait for those of another', async () => {
    const { clock, flights, cache } = scene()
    void Promise.resolve(cache.find('slow', new Deadline(clock, {}, 1000))).catch(() => {})
    const found = cache.find('T', new Deadline(clock, {}, 1000))
    flights[1]!(routeAnswer(1))
    expect((await found).topic).toBe('T')
    cache.close()
  })
})
