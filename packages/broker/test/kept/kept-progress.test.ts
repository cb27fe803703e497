import { SteppedClock, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { KeptState } from '../../src/kept/index.ts'
import { keptAt, recordingLog, settle } from './config-kit.ts'

/** A number that says how far messages were read, and a log of messages that is synced when the test lets it be. */
function setUp(path: string, isProgress = true) {
  const clock = new SteppedClock()
  const { log, lines } = recordingLog()
  let reached = 0
  const syncing: ((isSynced: boolean) => void)[] = []
  let isSyncedNow = true
  const messages = {
    syncLog: () => new Promise<boolean>((resolve) => void syncing.push(resolve)),
    syncLogNow: () => isSyncedNow,
  }
  const open = () =>
    new KeptState(keptAt(`${path}/progress.json`, { clock, log, messages }), {
      file: 'progress.json',
      parse: Number,
      pieces: () => [String(reached)],
      intervalMs: 100,
      gatherMs: 100,
      isProgress,
    })
  const kept = open()
  return {
    kept,
    lines,
    syncing,
    refuse: () => {
      isSyncedNow = false
    },
    reach(offset: number): void {
      reached = offset
      kept.later()
    },
    async pass(): Promise<void> {
      clock.advance(100)
      await settle(clock)
    },
    onDisk: () => open().content,
  }
}

test('progress is written once the log that it points into is synced, and not before', async () => {
  using folder = temporaryFolder()
  const { reach, pass, syncing, onDisk } = setUp(folder.path)
  reach(5)
  await pass()
  reach(8)
  expect(syncing).toHaveLength(1)
  expect(onDisk()).toBeUndefined()
  syncing[0]!(true)
  await expect.poll(onDisk).toBe(5)
})

test('progress is not written while the log cannot be synced, which is said, and is written when it can', async () => {
  using folder = temporaryFolder()
  const { reach, pass, syncing, lines, onDisk } = setUp(folder.path)
  reach(5)
  await pass()
  syncing[0]!(false)
  await expect.poll(() => lines).toEqual([{ level: 'error', message: expect.stringMatching(/could not be written/) }])
  expect(onDisk()).toBeUndefined()
  await pass()
  syncing[1]!(true)
  await expect.poll(onDisk).toBe(5)
})

test('progress that is written at once, or when its owner closes, waits for the log too', () => {
  using folder = temporaryFolder()
  const { kept, reach, refuse, onDisk } = setUp(folder.path)
  reach(5)
  kept.flush()
  expect(onDisk()).toBe(5)
  refuse()
  reach(8)
  expect(() => kept.close()).toThrow(/must not pass by/)
  expect(onDisk()).toBe(5)
})

test('what does not point into the log does not wait for it', async () => {
  using folder = temporaryFolder()
  const { reach, pass, syncing, onDisk } = setUp(folder.path, false)
  reach(5)
  await pass()
  await expect.poll(onDisk).toBe(5)
  expect(syncing).toEqual([])
})
