import { CrashableFileSystem } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { CheckpointFile } from '../../src/recovery/checkpoint.ts'

const path = '/data/checkpoint'
const changesMax = 8
const seeds = 12

/** Notes a synced position, in which the power fails at a change of the disk. */
async function noteSynced(disk: CrashableFileSystem, position: number, failAt: number, seed: number): Promise<void> {
  const checkpoint = new CheckpointFile(disk, path)
  const times = 1_700_000_000_000 + position * 7919
  const shared = {
    logTimestamp: times,
    queuesTimestamp: times + 1,
    indexTimestamp: times + 2,
    queuesPosition: position,
  }
  disk.failPowerAt(failAt)
  try {
    await checkpoint.writeSynced(shared, position, times)
  } catch (error) {
    if (!disk.isDown) throw error
  }
  disk.operationCount = 0
  disk.crash(seed)
  disk.failPowerAt(Number.POSITIVE_INFINITY)
}

test('a checkpoint stays ours, and holds a position that was synced, when the power fails time and again while it is written', async () => {
  for (let first = 1; first <= changesMax; first++) {
    for (let second = 1; second <= changesMax; second++) {
      for (let seed = 0; seed < seeds; seed++) {
        const disk = new CrashableFileSystem(() => 0)
        disk.makeFolder('/data')
        new CheckpointFile(disk, path).close()
        for (const folder of ['/', '/data']) disk.syncFolder(folder)
        await noteSynced(disk, 1000, Number.POSITIVE_INFINITY, seed)
        await noteSynced(disk, 2000, Number.POSITIVE_INFINITY, seed)
        await noteSynced(disk, 3000, first, seed)
        await noteSynced(disk, 4000, second, seed + 1)
        const where = `failures at changes ${first} and ${second}, seed ${seed}`
        const { own, shared } = new CheckpointFile(disk, path)
        expect([2000, 3000, 4000], where).toContain(own?.syncedPosition)
        expect(shared.queuesPosition, where).toBe(own?.syncedPosition)
        expect(own?.newestTimestamp, where).toBeGreaterThanOrEqual(shared.logTimestamp)
        expect(own?.newestTimestamp, where).toBeLessThanOrEqual(shared.logTimestamp + 1)
      }
    }
  }
})
