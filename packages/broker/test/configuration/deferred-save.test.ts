import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeferredSave } from '../../src/configuration/index.ts'
import { recordingLog } from './config-kit.ts'

function saver(options: { takesMs?: number; failures?: number } = {}) {
  const clock = new SteppedClock()
  const { log, lines } = recordingLog()
  let failures = options.failures ?? 0
  const savedAt: number[] = []
  let state = 0
  let saved = 0
  const save = new DeferredSave({
    clock,
    log,
    name: 'the file',
    intervalMs: 100,
    save() {
      clock.advance(options.takesMs ?? 0)
      if (failures-- > 0) throw new Error('disk full')
      savedAt.push(clock.monotonic())
      saved = state
    },
  })
  return { clock, lines, save, savedAt, change: () => ++state, isSaved: () => saved === state }
}

/** One that saves in the background for as long as the test wants. */
function backgroundSaver() {
  const clock = new SteppedClock()
  const { log, lines } = recordingLog()
  let state = 0
  let begun = 0
  let current = Promise.withResolvers<void>()
  /** States. */
  const savedAt: number[] = []
  const savedAtOnce: number[] = []
  const save = new DeferredSave({
    clock,
    log,
    name: 'the file',
    intervalMs: 100,
    save: () => void savedAtOnce.push(state),
    async saveLater() {
      begun++
      const saved = state
      current = Promise.withResolvers()
      await current.promise
      savedAt.push(saved)
    },
  })
  const endSaving = async (error?: Error): Promise<void> => {
    if (error === undefined) current.resolve()
    else current.reject(error)
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
  return { clock, lines, save, savedAt, savedAtOnce, change: () => ++state, endSaving, begun: () => begun }
}

describe('a deferred save', () => {
  test('writes a change that comes alone before it returns', () => {
    const { save, change, isSaved } = saver()
    change()
    save.soon()
    expect(isSaved()).toBe(true)
  })

  test('writes changes that follow closely once, when the interval is over', () => {
    const { clock, save, change, isSaved, savedAt } = saver()
    for (let index = 0; index < 1000; index++) {
      change()
      save.soon()
    }
    expect(savedAt).toEqual([0])
    clock.advance(100)
    expect(savedAt).toEqual([0, 100])
    expect(isSaved()).toBe(true)
    clock.advance(1000)
    expect(savedAt).toHaveLength(2)
  })

  test('spends at most a twentieth of the time on writing', () => {
    const { clock, save, change, savedAt } = saver({ takesMs: 50 })
    for (let index = 0; index < 10_000; index++) {
      change()
      save.later()
      clock.advance(1)
    }
    expect(savedAt.length * 50).toBeLessThanOrEqual(clock.monotonic() / 20 + 50)
    expect(savedAt.length).toBeGreaterThan(5)
  })

  test('tries again after a failure, and says once that it failed and that it was written', () => {
    const { clock, lines, save, change, isSaved } = saver({ failures: 5 })
    change()
    expect(() => save.soon()).toThrow('disk full')
    clock.advance(150)
    expect(isSaved()).toBe(false)
    expect(lines).toEqual([{ level: 'error', message: 'the file could not be written: it will be tried again' }])
    clock.advance(500)
    expect(isSaved()).toBe(true)
    expect(lines.slice(1)).toEqual([{ level: 'info', message: 'the file was written, after attempts that failed' }])
  })

  test('writes the last change when it is closed, and nothing later', () => {
    const { clock, save, change, isSaved, savedAt } = saver()
    change()
    save.soon()
    change()
    save.later()
    save.close()
    expect(isSaved()).toBe(true)
    clock.advance(1000)
    expect(savedAt).toHaveLength(2)
  })

  test('that may take its time is not begun again meanwhile, and writes what came meanwhile after it', async () => {
    const { clock, save, change, endSaving, savedAt, begun } = backgroundSaver()
    change()
    save.later()
    clock.advance(10)
    change()
    save.later()
    clock.advance(1000)
    expect(begun()).toBe(1)
    await endSaving()
    clock.advance(100)
    expect(begun()).toBe(2)
    await endSaving()
    expect(savedAt).toEqual([1, 2])
    clock.advance(1000)
    expect(begun()).toBe(2)
  })

  test('that fails in the background is tried again, and that is said once', async () => {
    const { clock, lines, save, change, endSaving, begun, savedAt } = backgroundSaver()
    change()
    save.later()
    clock.advance(10)
    await endSaving(new Error('disk full'))
    clock.advance(100)
    await endSaving(new Error('disk full'))
    expect(lines).toEqual([{ level: 'error', message: 'the file could not be written: it will be tried again' }])
    clock.advance(100)
    await endSaving()
    expect(begun()).toBe(3)
    expect(savedAt).toEqual([1])
    expect(lines.slice(1)).toEqual([{ level: 'info', message: 'the file was written, after attempts that failed' }])
  })

  test('that is closed while it saves in the background saves at once, and nothing later', async () => {
    const { clock, save, change, endSaving, begun, savedAtOnce } = backgroundSaver()
    change()
    save.later()
    clock.advance(10)
    save.close()
    expect(savedAtOnce).toEqual([1])
    await endSaving(new Error('too late'))
    clock.advance(1000)
    expect(begun()).toBe(1)
  })

  test('has every change written one interval later at the latest', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(80), fc.boolean()), { maxLength: 60 }), (steps) => {
        const { clock, save, change, isSaved } = saver()
        for (const [waitMs, isUrgent] of steps) {
          clock.advance(waitMs)
          change()
          if (isUrgent) save.soon()
          else save.later()
        }
        clock.advance(101)
        return isSaved()
      }),
    )
  })
})
