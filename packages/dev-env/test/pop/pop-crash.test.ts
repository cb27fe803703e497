import { describe, expect, test } from 'vitest'
import { PopCursor } from '../../../broker/src/pop/pop-cursors.ts'
import { PopRecovery } from '../../../broker/src/pop/pop-recovery.ts'
import { Receipts } from '../../../broker/src/pop/receipts.ts'
import { type Crashes, popCrashRun } from './pop-crash-run.ts'

const seedCount = Number(process.env.POP_COUNT ?? 12)
const firstSeed = Number(process.env.POP_SEED ?? 1)
const seeds = Array.from({ length: seedCount }, (_, index) => firstSeed + index)

describe.each<Crashes>(['kill', 'power', 'stop', 'full', 'any of them'])('over lives that end by %s', (crashes) => {
  test.each(seeds)('what was acknowledged never comes again, and nothing else is lost (seed %i)', async (seed) => {
    expect(await popCrashRun(seed, crashes)).toEqual([])
  })
})

describe.each<Crashes>(['kill', 'stop'])(
  'over lives that end by %s, while the clock is set forward and back',
  (crashes) => {
    test.each(seeds)(
      'what was acknowledged never comes again, and nothing else is lost (seed %i)',
      { timeout: 60_000 },
      async (seed) => {
        expect(await popCrashRun(seed, crashes, true)).toEqual([])
      },
    )
  },
)

/** The first seed whose run finds something, of those that are tried. */
async function firstFinding(crashes: Crashes): Promise<number | undefined> {
  for (let seed = 1; seed <= 60; seed++) if ((await popCrashRun(seed, crashes)).length > 0) return seed
  return undefined
}

/** Plants a defect for as long as something is done. */
async function withDefect<Kept extends object>(
  prototype: Kept,
  key: keyof Kept,
  replacement: Kept[keyof Kept],
  work: () => Promise<void>,
): Promise<void> {
  const original = Object.getOwnPropertyDescriptor(prototype, key)!
  Object.defineProperty(prototype, key, { ...original, value: replacement })
  try {
    await work()
  } finally {
    Object.defineProperty(prototype, key, original)
  }
}

describe('the runs find', () => {
  test('that offsets are not read from checkpoints after a crash', async () => {
    const nothing = () => Promise.resolve()
    await withDefect(PopRecovery.prototype, 'load', nothing, async () => {
      expect(await firstFinding('kill')).toBeDefined()
    })
  })

  test('that what could not be noted as given out is not given out again', async () => {
    await withDefect(PopCursor.prototype, 'refused', PopCursor.prototype.stored, async () => {
      expect(await firstFinding('full')).toBeDefined()
    })
  })

  test('that what was not acknowledged is taken for acknowledged', async () => {
    const none = () => ({ kind: 'offsets', offsets: [] }) as const
    await withDefect(Receipts.prototype, 'outstanding', none, async () => {
      expect(await firstFinding('stop')).toBeDefined()
    })
  })
})
