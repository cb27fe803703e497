import { describe, expect, test } from 'vitest'
import { TransactionLog } from '../../../broker/src/transactions/transaction-log.ts'
import { type Crashes, transactionCrashRun } from './crash-run.ts'

const seeds = Array.from({ length: 12 }, (_, index) => index + 1)

/** The first seed whose run finds something, of those that are tried. */
async function firstFinding(crashes: Crashes): Promise<number | undefined> {
  for (let seed = 1; seed <= 60; seed++) if ((await transactionCrashRun(seed, crashes)).length > 0) return seed
  return undefined
}

/** Plants a defect for as long as something is done. */
async function withDefect<Key extends keyof TransactionLog>(
  key: Key,
  replacement: TransactionLog[Key],
  work: () => Promise<void>,
): Promise<void> {
  const original = Object.getOwnPropertyDescriptor(TransactionLog.prototype, key)!
  Object.defineProperty(TransactionLog.prototype, key, { ...original, value: replacement })
  try {
    await work()
  } finally {
    Object.defineProperty(TransactionLog.prototype, key, original)
  }
}

describe.each<Crashes>(['kill', 'power', 'either'])('over crashes by %s', (crashes) => {
  test.each(seeds)('what was committed is there once, what was rolled back never (seed %i)', async (seed) => {
    expect(await transactionCrashRun(seed, crashes)).toEqual([])
  })
})

describe('the runs find', () => {
  test('that committed messages without an op message are not recognised', async () => {
    const { loaded } = TransactionLog.prototype
    const forgetful = function (this: TransactionLog): number[] {
      const { state } = this.slots
      this.slots.state = () => undefined
      try {
        return loaded.call(this)
      } finally {
        this.slots.state = state
      }
    }
    await withDefect('loaded', forgetful, async () => {
      expect(await firstFinding('kill')).toBeDefined()
    })
  })

  test('that a renewed half does not take the place of the older one', async () => {
    const beside = function (this: TransactionLog, half: Parameters<TransactionLog['half']>[0]): void {
      const { queueOffset, physicalOffset, bornTimestamp } = half
      this.slots.add(queueOffset, physicalOffset, {
        bornTimestamp,
        storeTimestamp: bornTimestamp,
        ownImmunityMs: undefined,
      })
    }
    await withDefect('half', beside, async () => {
      expect(await firstFinding('kill')).toBeDefined()
    })
  })
})
