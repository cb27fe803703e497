import { describe, expect, test } from 'vitest'
import { orderLivesRun } from './order-lives-run.ts'

const seedCount = Number(process.env.POP_COUNT ?? 12)
const firstSeed = Number(process.env.POP_SEED ?? 1)
const seeds = Array.from({ length: seedCount }, (_, index) => firstSeed + index)

describe('over lives that end by kills and stops', () => {
  test.each(seeds)(
    'what is given in order is neither lost nor passed by, and does not come again when it was acknowledged (seed %i)',
    async (seed) => {
      expect(await orderLivesRun(seed)).toEqual([])
    },
  )
})
