import { createNodePlatform, type FileHandle, type FileSystem } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { message, openStore, putAll } from './store-kit.ts'

/** A file system that counts the reads in the background that are made at a time. */
function countingFileSystem(real: FileSystem) {
  const counts = { now: 0, most: 0 }
  const counted = (file: FileHandle): FileHandle => {
    const read = file.readLater.bind(file)
    file.readLater = async (target, position) => {
      counts.now++
      counts.most = Math.max(counts.most, counts.now)
      try {
        return await read(target, position)
      } finally {
        counts.now--
      }
    }
    return file
  }
  const fileSystem: FileSystem = Object.create(real, {
    open: { value: (...open: Parameters<FileSystem['open']>) => counted(real.open(...open)) },
  })
  return { fileSystem, counts }
}

test('many records that are asked for at once are loaded eight at a time', async () => {
  using folder = temporaryFolder()
  const platform = createNodePlatform()
  const { fileSystem, counts } = countingFileSystem(platform.fileSystem)
  const store = openStore(folder.path, {
    platform: { ...platform, fileSystem },
    commitLogSegmentBytes: 1024 * 1024,
    tailBytesMax: 1,
    readCacheBytesMax: 1,
  })
  try {
    // One or two stand in a block of the cache, which keeps 32 of them.
    const bodies = Array.from({ length: 100 }, (_, index) => Buffer.alloc(200_000, index))
    const places = await putAll(
      store,
      bodies.map((body) => message({ topic: 'T', queueId: 0, body })),
    )
    const records = await Promise.all(places.map(({ physicalOffset }) => store.recordAt(physicalOffset)))
    for (const [index, record] of records.entries()) expect(record?.includes(bodies[index]!)).toBe(true)
    expect(counts.most).toBe(8)
  } finally {
    await store.close()
  }
})
