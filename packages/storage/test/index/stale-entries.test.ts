import { CrashableFileSystem } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { KeyIndexFile } from '../../src/index/key-index-file.ts'

const size = { slotCount: 7, entryCountMax: 50 }
const hash = 3
/** Another hash of the same slot. */
const neighbour = hash + size.slotCount

function open(fileSystem: CrashableFileSystem): KeyIndexFile {
  return new KeyIndexFile(fileSystem, '/index/20260101000000000', size)
}

const positionsOf = (file: KeyIndexFile, wanted: number): number[] =>
  [...file.find(wanted)].map(({ physicalOffset }) => physicalOffset)

describe('entries of messages that a power failure took', () => {
  test.each([
    ['of the same time', 1000],
    ['of an earlier time', 60_000],
  ])('%s do not hide the key of a message that took their place in the log', (_, laterMs) => {
    const fileSystem = new CrashableFileSystem()
    fileSystem.makeFolder('/index')
    const before = open(fileSystem)
    before.add(hash + 1, 0, 1000)
    before.add(hash + 2, 100, 1000)
    for (const position of [200, 300, 400]) before.add(neighbour, position, 1000)
    before.write()

    const after = open(fileSystem)
    after.cutTo(100)
    after.add(hash, 100, laterMs)
    after.write()

    const last = open(fileSystem)
    last.cutTo(350)
    expect(positionsOf(last, hash)).toEqual([100])
    expect(last.endPhysicalOffset).toBe(100)
  })
})

test('entries whose times fall, as in the log of a master whose clock was set back, are kept', () => {
  const fileSystem = new CrashableFileSystem()
  fileSystem.makeFolder('/index')
  const file = open(fileSystem)
  for (const [position, timeMs] of [60_000, 90_000, 61_000, 1000].entries()) file.add(hash, position * 100, timeMs)
  file.write()
  file.cutTo(400)
  expect(positionsOf(file, hash)).toEqual([300, 200, 100, 0])
})
