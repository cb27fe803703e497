import { nodeFileSystem } from '@rocketmq-ts/platform'
import { FaultyFileSystem, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { ConfigFile } from '@rocketmq-ts/storage'
import { expect, test } from 'vitest'
import { DelayProgress } from '../../src/delay/delay-progress.ts'
import { recordingLog } from '../configuration/config-kit.ts'

test('progress that cannot be written is said, and written when it can be', async () => {
  using folder = temporaryFolder()
  const { log, lines } = recordingLog()
  const disk = new FaultyFileSystem(nodeFileSystem)
  const open = () => new DelayProgress(new ConfigFile(disk, `${folder.path}/delayOffset.json`, log), () => 1)
  const progress = open()
  progress.setOffset(3, 17)
  disk.add({ operation: 'write', kind: 'no-space', label: 'full' })
  await progress.trySaveLater(log)
  expect(lines).toEqual([{ level: 'error', message: expect.stringMatching(/delayOffset\.json could not be written/) }])
  expect(open().offset(3)).toBe(0)
  await progress.trySaveLater(log)
  expect(open().offset(3)).toBe(17)
})

test('progress that is being written when it is saved at once is the newer one afterwards', async () => {
  using folder = temporaryFolder()
  const { log } = recordingLog()
  const open = () => new DelayProgress(new ConfigFile(nodeFileSystem, `${folder.path}/delayOffset.json`, log), () => 1)
  const progress = open()
  progress.setOffset(3, 17)
  const saving = progress.trySaveLater(log)
  // Nothing changed since, but the file is not written yet.
  progress.save()
  expect(open().offset(3)).toBe(17)
  progress.setOffset(3, 18)
  progress.save()
  await saving
  expect(open().offset(3)).toBe(18)
})
