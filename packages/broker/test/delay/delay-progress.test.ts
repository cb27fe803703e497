import { nodeFileSystem } from '@rocketmq-ts/platform'
import { FaultyFileSystem, SteppedClock, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { DelayProgress } from '../../src/delay/delay-progress.ts'
import { keptAt, recordingLog, settle } from '../kept/config-kit.ts'

function setUp(path: string) {
  const clock = new SteppedClock()
  const { log, lines } = recordingLog()
  const disk = new FaultyFileSystem(nodeFileSystem)
  const config = keptAt(`${path}/delayOffset.json`, { clock, log, disk })
  const open = () => new DelayProgress({ config, flushIntervalMs: 10_000 })
  /** Files are written on other threads: what has begun there ends when it does. */
  const pass = async (): Promise<void> => {
    clock.advance(10_000)
    await settle(clock)
  }
  return { lines, disk, open, pass }
}

test('progress that cannot be written is said, and written when it can be', async () => {
  using folder = temporaryFolder()
  const { lines, disk, open, pass } = setUp(folder.path)
  const progress = open()
  progress.setOffset(3, 17)
  disk.add({ operation: 'write', kind: 'no-space', label: 'full' })
  await pass()
  const failed = { level: 'error', message: expect.stringMatching(/delayOffset\.json could not be written/) }
  await expect.poll(() => lines).toEqual([failed])
  expect(open().offset(3)).toBe(0)
  await pass()
  await expect.poll(() => open().offset(3)).toBe(17)
})

test.each([
  ['and has not changed since', 17],
  ['and has changed since', 18],
])('progress that is being written when it is closed, %s, is the newest one afterwards', async (_name, last) => {
  using folder = temporaryFolder()
  const { open, pass } = setUp(folder.path)
  const progress = open()
  progress.setOffset(3, 17)
  const saving = pass()
  if (last !== 17) progress.setOffset(3, last)
  progress.close()
  expect(open().offset(3)).toBe(last)
  await saving
  expect(open().offset(3)).toBe(last)
})
