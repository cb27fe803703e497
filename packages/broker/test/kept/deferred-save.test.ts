import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeferredSave } from '../../src/kept/deferred-save.ts'
import { recordingLog, settle } from './config-kit.ts'

interface SaverOptions {
  /** Milliseconds that the text takes to be made, and in how many pieces. */
  takesMs?: number
  pieces?: number
  /** So many writes fail. */
  failures?: number
  /** Writes in the background wait until the test ends them. */
  isGated?: boolean
}

/** One that saves a number, which the test raises. */
function saver({ takesMs = 0, pieces = 1, failures = 0, isGated = false }: SaverOptions = {}) {
  const clock = new SteppedClock()
  const { log, lines } = recordingLog()
  let state = 0
  let saveCount = 0
  let begun = 0
  let gate = Promise.withResolvers<void>()
  /** Times. */
  const savedAt: number[] = []
  const saved: number[] = []
  const savedAtOnce: number[] = []
  const told: number[] = []
  const write = (content: string): void => {
    if (failures-- > 0) throw new Error('disk full')
    savedAt.push(clock.monotonic())
    saved.push(Number(content))
  }
  function* textOf(value: number): Iterable<string> {
    for (let piece = 0; piece < pieces; piece++) {
      clock.advance(takesMs / pieces)
      yield piece === 0 ? String(value) : ' '
    }
  }
  const save = new DeferredSave({
    clock,
    log,
    file: {
      path: 'the file',
      save(content) {
        saveCount++
        write(content)
        savedAtOnce.push(Number(content))
      },
      async saveLater(content) {
        begun++
        const number = ++saveCount
        const parts: Uint8Array[] = []
        for await (const part of content as AsyncIterable<Uint8Array>) parts.push(part)
        if (isGated) {
          gate = Promise.withResolvers()
          await gate.promise
        }
        if (number !== saveCount) return false
        write(Buffer.concat(parts).toString())
        return true
      },
    },
    intervalMs: 100,
    gatherMs: 1,
    snapshot() {
      const value = state
      return { pieces: textOf(value), written: () => void told.push(value) }
    },
  })
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 10) {
      clock.advance(Math.min(left, 10))
      await settle(clock)
    }
  }
  const endSaving = async (error?: Error): Promise<void> => {
    await settle(clock)
    if (error === undefined) gate.resolve()
    else gate.reject(error)
    await settle(clock)
  }
  return {
    clock,
    lines,
    save,
    savedAt,
    saved,
    savedAtOnce,
    told,
    change: () => ++state,
    pass,
    endSaving,
    begun: () => begun,
  }
}

describe('a deferred save', () => {
  test('tells those who wait for it once a file that holds their changes is written', async () => {
    const { clock, save, change, saved, endSaving, pass } = saver({ isGated: true })
    const ended: string[] = []
    const wait = (name: string): void => {
      change()
      save.later()
      save.saved().then(
        () => ended.push(name),
        (error: Error) => ended.push(`${name}: ${error.message}`),
      )
    }
    await save.saved()
    wait('a')
    wait('b')
    await pass(10)
    // What is under way does not hold it.
    wait('c')
    await endSaving()
    expect([ended, saved]).toEqual([['a', 'b'], [2]])
    await pass(100)
    await endSaving(new Error('disk full'))
    expect(ended).toEqual(['a', 'b', 'c: disk full'])
    wait('d')
    save.flush()
    await settle(clock)
    expect([ended.at(-1), saved]).toEqual(['d', [2, 4]])
  })

  test('that fails at once tells so those who wait for it', async () => {
    const { save, change, clock } = saver({ failures: 1 })
    change()
    save.later()
    const waiting = save.saved().catch((error: Error) => error.message)
    expect(() => save.flush()).toThrow('disk full')
    await settle(clock)
    expect(await waiting).toBe('disk full')
  })

  test('writes changes that follow closely once, when the interval is over', async () => {
    const { save, change, saved, savedAt, pass } = saver()
    change()
    save.later()
    await pass(10)
    for (let index = 1; index < 1000; index++) {
      change()
      save.later()
    }
    expect(saved).toEqual([1])
    await pass(200)
    expect(saved).toEqual([1, 1000])
    await pass(1000)
    expect(savedAt).toHaveLength(2)
  })

  test.each([1, 25])('spends at most a twentieth of the time on writing, in %i pieces', async (pieces) => {
    const { clock, save, change, savedAt, pass } = saver({ takesMs: 50, pieces })
    for (let index = 0; index < 1000; index++) {
      change()
      save.later()
      await pass(10)
    }
    expect(savedAt.length * 50).toBeLessThanOrEqual(clock.monotonic() / 20 + 50)
    expect(savedAt.length).toBeGreaterThan(5)
  })

  test('makes the text over several turns of the loop', async () => {
    const { clock, save, change, saved, told } = saver({ takesMs: 40, pieces: 20 })
    change()
    save.later()
    clock.advance(1)
    // The timer runs, and of the text one slice is there.
    expect(clock.monotonic()).toBeLessThan(10)
    change()
    await settle(clock)
    expect([saved, told]).toEqual([[1], [1]])
  })

  test('tries again after a failure, and says once that it failed and that it was written', async () => {
    const { lines, save, change, saved, pass } = saver({ failures: 5 })
    change()
    save.later()
    await pass(150)
    expect(saved).toEqual([])
    expect(lines).toEqual([{ level: 'error', message: 'the file could not be written: it will be tried again' }])
    await pass(500)
    expect(saved).toEqual([1])
    expect(lines.slice(1)).toEqual([{ level: 'info', message: 'the file was written, after attempts that failed' }])
  })

  test('writes the last change when it is closed, and nothing later', async () => {
    const { save, change, saved, pass } = saver()
    for (const waitMs of [10, 0]) {
      change()
      save.later()
      await pass(waitMs)
    }
    save.close()
    expect(saved).toEqual([1, 2])
    await pass(1000)
    expect(saved).toEqual([1, 2])
  })

  test('is not begun again meanwhile, and writes what came meanwhile after it', async () => {
    const { save, change, endSaving, saved, told, begun, pass } = saver({ isGated: true })
    change()
    save.later()
    await pass(10)
    change()
    save.later()
    await pass(1000)
    expect(begun()).toBe(1)
    await endSaving()
    await pass(100)
    expect(begun()).toBe(2)
    await endSaving()
    expect([saved, told]).toEqual([
      [1, 2],
      [1, 2],
    ])
    await pass(1000)
    expect(begun()).toBe(2)
  })

  test('that fails in the background is tried again, and that is said once', async () => {
    const { lines, save, change, endSaving, begun, saved, told, pass } = saver({ isGated: true })
    change()
    save.later()
    await pass(10)
    await endSaving(new Error('disk full'))
    await pass(100)
    await endSaving(new Error('disk full'))
    expect(lines).toEqual([{ level: 'error', message: 'the file could not be written: it will be tried again' }])
    expect(told).toEqual([])
    await pass(100)
    await endSaving()
    expect(begun()).toBe(3)
    expect(saved).toEqual([1])
    expect(lines.slice(1)).toEqual([{ level: 'info', message: 'the file was written, after attempts that failed' }])
  })

  test.each([
    ['ends well', undefined],
    ['fails', new Error('too late')],
  ])(
    'that is closed while it saves in the background saves at once, and nothing later when that %s',
    async (_, error) => {
      const { save, change, endSaving, begun, saved, savedAtOnce, told, pass } = saver({ isGated: true })
      change()
      save.later()
      await pass(10)
      save.close()
      expect(savedAtOnce).toEqual([1])
      await endSaving(error)
      await pass(1000)
      expect(begun()).toBe(1)
      expect([saved, told]).toEqual([[1], [1]])
    },
  )

  test('has every change written one interval later at the latest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(80), { maxLength: 60 }), async (steps) => {
        const { save, change, saved, pass } = saver()
        for (const waitMs of steps) {
          await pass(waitMs)
          change()
          save.later()
        }
        await pass(111)
        return steps.length === 0 || saved.at(-1) === steps.length
      }),
    )
  })
})
