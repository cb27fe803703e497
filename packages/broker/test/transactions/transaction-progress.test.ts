import { describe, expect, test } from 'vitest'
import type { TransactionLog } from '../../src/transactions/transaction-log.ts'
import { TransactionProgress } from '../../src/transactions/transaction-progress.ts'

const halfTopic = 'RMQ_SYS_TRANS_HALF_TOPIC'
const opTopic = 'RMQ_SYS_TRANS_OP_HALF_TOPIC'

function setUp(noted: Record<string, number>, max: Record<string, number>) {
  const offsets = new Map(Object.entries(noted))
  const state = { firstOpen: undefined as number | undefined, needed: undefined as number | undefined, isLoaded: true }
  const positions = { max: 0, synced: 0 }
  const transactions = {
    get firstOpen() {
      return state.firstOpen
    },
    get isLoaded() {
      return state.isLoaded
    },
    ops: { neededFrom: () => state.needed },
  } as unknown as TransactionLog
  const progress = new TransactionProgress({
    offsets: {
      offset: (_, topic) => offsets.get(topic),
      commit: (_, topic, __, offset) => offsets.set(topic, offset),
    },
    store: { maxOffset: (topic) => max[topic] ?? 0, positions },
    transactions,
  })
  return { progress, offsets, state, positions, max }
}

describe('the progress in transactions', () => {
  test('is noted once what it follows from is on the disk, and not before', () => {
    const { progress, offsets, state, positions } = setUp({ [halfTopic]: 3 }, { [halfTopic]: 10, [opTopic]: 4 })
    state.firstOpen = 7
    state.needed = 2
    Object.assign(positions, { max: 500, synced: 100 })
    progress.note()
    expect(Object.fromEntries(offsets)).toEqual({ [halfTopic]: 3 })
    // More has ended since: that is noted later.
    state.firstOpen = 9
    Object.assign(positions, { max: 900, synced: 499 })
    progress.note()
    expect(offsets.get(halfTopic)).toBe(3)
    positions.synced = 500
    progress.note()
    expect(Object.fromEntries(offsets)).toEqual({ [halfTopic]: 7, [opTopic]: 2 })
    positions.synced = 900
    progress.note()
    expect(offsets.get(halfTopic)).toBe(9)
  })

  test('is at the ends of both queues when nothing is open', () => {
    const { progress, offsets, positions } = setUp({}, { [halfTopic]: 10, [opTopic]: 4 })
    Object.assign(positions, { max: 5, synced: 5 })
    progress.note()
    progress.note()
    expect(Object.fromEntries(offsets)).toEqual({ [halfTopic]: 10, [opTopic]: 4 })
  })

  test('goes back to the end of a queue that it points past, and stays where it is until all is loaded', () => {
    const { progress, offsets, state, positions } = setUp(
      { [halfTopic]: 30, [opTopic]: 2 },
      { [halfTopic]: 10, [opTopic]: 4 },
    )
    expect([progress.half(), progress.op()]).toEqual([10, 2])
    state.isLoaded = false
    Object.assign(positions, { max: 5, synced: 5 })
    progress.note()
    progress.note()
    expect(Object.fromEntries(offsets)).toEqual({ [halfTopic]: 10, [opTopic]: 2 })
  })
})
