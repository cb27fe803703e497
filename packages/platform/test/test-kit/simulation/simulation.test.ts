import { describe, expect, test } from 'vitest'
import { SimulatedProcess, Simulation } from '../../../src/test-kit/index.ts'

function started(seed = 1) {
  const simulation = new Simulation(seed)
  return { simulation, process: new SimulatedProcess(simulation, 'node', () => 1_700_000_000_000) }
}

describe('a simulation', () => {
  test('does nothing while nobody waits, and everything in the order of time while somebody does', async () => {
    const { simulation } = started()
    const done: string[] = []
    for (const [delayMs, name] of [
      [30, 'c'],
      [10, 'a'],
      [10, 'b'],
    ] as const) {
      simulation.after(delayMs, () => done.push(name))
    }
    simulation.after(20, () => done.push('never'))()
    await Promise.resolve()
    expect(done).toEqual([])
    await simulation.sleep(100)
    expect(done).toEqual(['a', 'b', 'c'])
    expect(simulation.monotonic()).toBe(100)
  })

  test('lets all promises of an event run before the next one', async () => {
    const { simulation } = started()
    const done: string[] = []
    simulation.after(1, () => {
      void (async () => {
        for (let turns = 0; turns < 50; turns++) await Promise.resolve()
        done.push('promises')
      })()
    })
    simulation.after(1, () => done.push('next event'))
    await simulation.sleep(2)
    expect(done).toEqual(['promises', 'next event'])
  })

  test('gives up what does not end', async () => {
    const { simulation, process } = started()
    await expect(simulation.settle(new Promise(() => {}), 5000)).rejects.toThrow(/no end after 5000 ms/)
    process.clock.every(10, () => {})
    await expect(simulation.until('the impossible', () => false, 1000)).rejects.toThrow(/the impossible: not after/)
  })

  test('tells everybody who waits of an error that a process does not take', async () => {
    const { simulation, process } = started()
    process.clock.after(10, () => {
      throw new Error('a defect')
    })
    await expect(simulation.sleep(100)).rejects.toThrow(/node ended with an uncaught error: a defect/)
    expect(simulation.trace.story().join('\n')).toContain('a defect')
  })

  test('has the same hash for the same events alone', async () => {
    const hashOf = async (seed: number): Promise<string> => {
      const { simulation, process } = started(seed)
      process.clock.every(100, () => simulation.trace.note(`tick ${process.random.below(1000)}`))
      await simulation.sleep(1000)
      return simulation.trace.hash
    }
    expect(await hashOf(1)).toBe(await hashOf(1))
    expect(await hashOf(1)).not.toBe(await hashOf(2))
  })
})

describe('a process', () => {
  test('runs what is asked for the end of a turn in this turn, and what is asked for the next one behind it', async () => {
    const { simulation, process } = started()
    const done: string[] = []
    process.clock.after(1, () => {
      process.clock.endOfTurn(() => {
        done.push('end')
        process.clock.nextTurn(() => done.push('next'))
        process.clock.endOfTurn(() => done.push('end, asked at the end'))
      })
    })
    await simulation.sleep(100)
    expect(done).toEqual(['end', 'end, asked at the end', 'next'])
  })

  test('has timers that are never early, and a clock that never goes back', async () => {
    const { simulation, process } = started()
    let lastMs = 0
    let ticks = 0
    process.clock.every(10, () => {
      ticks++
      for (let looks = 0; looks < 10; looks++) {
        const nowMs = process.clock.monotonic()
        expect(nowMs).toBeGreaterThanOrEqual(lastMs)
        lastMs = nowMs
      }
      expect(process.clock.monotonic()).toBeGreaterThanOrEqual(ticks * 10)
    })
    await simulation.sleep(1000)
    expect(ticks).toBeGreaterThan(50)
  })

  test('that stands still is told of everything when it goes on, and runs no timer that it cancelled meanwhile', async () => {
    const { simulation, process } = started()
    const done: string[] = []
    const cancel = process.clock.after(20, () => done.push('cancelled'))
    process.clock.after(10, () => {
      done.push('timer')
      cancel()
    })
    process.pause()
    await simulation.sleep(100)
    expect(done).toEqual([])
    process.resume()
    await simulation.sleep(10)
    expect(done).toEqual(['timer'])
  })

  test('that is dead is told of nothing', async () => {
    const { simulation, process } = started()
    const done: string[] = []
    process.clock.after(1, () => {
      process.clock.nextTurn(() => done.push('turn'))
      process.clock.endOfTurn(() => done.push('end'))
      process.clock.every(1, () => done.push('timer'))
      void process.later(1).then(() => done.push('disk'))
      process.die()
    })
    await simulation.sleep(100)
    process.resume()
    await simulation.sleep(100)
    expect(done).toEqual([])
  })
})
