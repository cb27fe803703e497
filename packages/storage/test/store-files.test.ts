import { CrashableFileSystem } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { SegmentFolder } from '../src/segment-folder.ts'
import { StoreFiles } from '../src/store-files.ts'

function open(): { disk: CrashableFileSystem; files: StoreFiles; survivors(): string[] } {
  const disk = new CrashableFileSystem()
  const files = new StoreFiles(disk, 8)
  files.makeFolder('/store')
  files.syncAllNames()
  const survivors = (): string[] => {
    // The worst that can happen to what is not synced.
    disk.crash(losingSeed)
    return disk.list('/store')
  }
  return { disk, files, survivors }
}

/** A seed with which nothing survives that is not synced. */
const losingSeed = Array.from({ length: 100 }, (_, seed) => seed).find((seed) => {
  const disk = new CrashableFileSystem()
  for (const name of ['/a', '/b', '/c']) disk.open(name, 'create').close()
  disk.crash(seed)
  return disk.list('/').length === 0
})!

describe('names that are synced in the background', () => {
  test('survive when it has ended', async () => {
    const { files, survivors } = open()
    files.create('/store/one', 10)
    await files.syncAllNamesLater()
    expect(survivors()).toEqual(['one'])
  })

  test('are synced again by whoever cannot wait for that', async () => {
    const { files, survivors } = open()
    files.create('/store/one', 10)
    const syncing = files.syncNamesLater('/store')
    files.syncNames('/store')
    expect(survivors()).toEqual(['one'])
    await expect(syncing).rejects.toThrow()
  })

  test('do not speak for those that came meanwhile', async () => {
    const { files, survivors } = open()
    files.create('/store/one', 10)
    const syncing = files.syncNamesLater('/store')
    files.create('/store/two', 10)
    await syncing
    files.syncNames('/store')
    expect(survivors()).toEqual(['one', 'two'])
  })

  test('may go together with their folder', async () => {
    const { files } = open()
    files.makeFolder('/store/topic')
    files.create('/store/topic/one', 10)
    const all = files.syncAllNamesLater()
    files.removeFolder('/store/topic')
    await all
  })
})

test('of the files of a folder that nobody synced, none outlives one before it', () => {
  for (let seed = 0; seed < 200; seed++) {
    const { disk, files } = open()
    const folder = new SegmentFolder(files, '/store/log', 100)
    for (let position = 0; position < 400; position += 100) folder.write(Buffer.alloc(100, 1), position)
    disk.crash(seed)
    const starts = disk.list('/store/log').map(Number)
    expect(starts, `seed ${seed}`).toEqual(starts.map((_, index) => index * 100))
  }
})
