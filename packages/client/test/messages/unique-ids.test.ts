import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { uniqueIds } from '../../src/messages/unique-ids.ts'
import type { Runtime } from '../../src/runtime.ts'

function runtime(seed: number, now: () => number): Runtime {
  const network = { localAddress: () => '10.1.2.3', connect: () => Promise.reject(new Error('none')) }
  return {
    network,
    clock: Object.assign(new SteppedClock(), { now }),
    random: new SeededRandom(seed),
    processId: 0x1_2345,
  }
}

describe('unique ids', () => {
  test('hold address, process, time of the month and counter where Java reads them', () => {
    const nowMs = new Date(2026, 10, 27, 12, 30, 15, 123).getTime()
    const id = uniqueIds(runtime(1, () => nowMs))()
    expect(id).toMatch(/^0A0102032345[0-9A-F]{20}$/)
    const monthStartMs = new Date(2026, 10, 1).getTime()
    expect(Number.parseInt(id.slice(20, 28), 16)).toBe(nowMs - monthStartMs)
  })

  test('differ, a million of them from 8 producers, also when the clock stands still or goes back', () => {
    const ids = new Set<string>()
    for (let producer = 0; producer < 8; producer++) {
      let calls = 0
      const next = uniqueIds(runtime(producer, () => 1_700_000_000_000 - (++calls > 60_000 ? 5000 : 0)))
      for (let n = 0; n < 131_072; n++) ids.add(next())
    }
    expect(ids.size).toBe(8 * 131_072)
  })

  test('differ, a million of them from 8 threads of a process', async () => {
    const count = 131_072
    const script = new URL('./id-worker.mjs', import.meta.url)
    const made = Array.from({ length: 8 }, async () => {
      const [ids] = await once(new Worker(script, { workerData: count }), 'message')
      return ids as string[]
    })
    expect(new Set((await Promise.all(made)).flat()).size).toBe(8 * count)
  })

  test('begin a new month with it', () => {
    let nowMs = new Date(2026, 11, 31, 23, 59, 59, 999).getTime()
    const next = uniqueIds(runtime(1, () => nowMs))
    next()
    nowMs++
    expect(Number.parseInt(next().slice(20, 28), 16)).toBe(0)
  })
})
