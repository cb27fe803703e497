import { silentLog } from '@rocketmq-ts/platform'
import { CrashableFileSystem, FaultyFileSystem } from '@rocketmq-ts/platform/test-kit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChangeJournal } from '../../src/kept/change-journal.ts'
import { recordingLog } from './config-kit.ts'

const path = '/config/topics.journal'

function newDisk(): CrashableFileSystem {
  const disk = new CrashableFileSystem()
  disk.makeFolder('/config')
  disk.syncFolder('/')
  return disk
}

function open(disk: CrashableFileSystem | FaultyFileSystem, base: string) {
  const journal = new ChangeJournal(disk, path, silentLog)
  return { journal, changes: journal.read(base) }
}

describe('changes that come while the file is written', () => {
  test('belong to the file as it was and as it will be', () => {
    const disk = newDisk()
    const { journal } = open(disk, 'v1')
    journal.append('one')
    const mark = journal.mark('v2')
    journal.append('two')
    expect(open(disk, 'v1').changes).toEqual(['one', 'two'])
    expect(open(disk, 'v2').changes).toEqual(['two'])
    journal.written(mark)
    journal.append('three')
    expect(open(disk, 'v2').changes).toEqual(['two', 'three'])
    expect(open(disk, 'v3').changes).toEqual([])
  })

  test('belong to the last of several attempts to write the same', () => {
    const disk = newDisk()
    const { journal } = open(disk, 'v1')
    journal.append('one')
    journal.mark('v2')
    journal.mark('v2')
    journal.append('two')
    journal.written(journal.mark('v3'))
    journal.append('three')
    expect(open(disk, 'v3').changes).toEqual(['three'])
  })

  test('begin a journal when there were none before', () => {
    const disk = newDisk()
    const { journal } = open(disk, 'v1')
    const mark = journal.mark('v2')
    journal.append('one')
    journal.written(mark)
    expect(open(disk, 'v2').changes).toEqual(['one'])
  })

  test('stay alone in the journal when it has become long', () => {
    const disk = newDisk()
    const { journal } = open(disk, 'v1')
    journal.append('x'.repeat(2 << 20))
    const mark = journal.mark('v2')
    journal.append('two')
    journal.written(mark)
    journal.append('three')
    expect(disk.status(path)!.sizeBytes).toBeLessThan(100)
    const again = open(disk, 'v2')
    expect(again.changes).toEqual(['two', 'three'])
    again.journal.append('four')
    expect(open(disk, 'v2').changes).toEqual(['two', 'three', 'four'])
  })

  test('are known as missing when nothing could be written that says to which file they belong', async () => {
    const disk = new FaultyFileSystem(newDisk())
    const { log, lines } = recordingLog()
    const journal = new ChangeJournal(disk, path, log)
    journal.read('v1')
    journal.append('one')
    disk.add({ operation: 'write', kind: 'no-space', label: 'full' })
    const mark = journal.mark('v2')
    expect(lines).toHaveLength(1)
    journal.append('two')
    journal.written(mark)
    expect(await journal.sync()).toBe(false)
    // The next file holds the missing one.
    const next = journal.mark('v3')
    journal.append('three')
    journal.written(next)
    expect(await journal.sync()).toBe(true)
    expect(open(disk, 'v3').changes).toEqual(['three'])
  })
})

describe('a synced journal', () => {
  test('has its changes after any power failure, until the file was written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), async (seed, isWritten) => {
        const disk = newDisk()
        const { journal } = open(disk, 'v1')
        journal.append('one')
        const mark = journal.mark('v2')
        journal.append('two')
        if (isWritten) journal.written(mark)
        expect(await journal.sync()).toBe(true)
        journal.append('three')
        disk.crash(seed)
        expect(open(disk, 'v2').changes.slice(0, 1)).toEqual(['two'])
      }),
    )
  })

  test('says that a change is missing that could not be written, until the file was written', async () => {
    const disk = new FaultyFileSystem(newDisk())
    const { journal } = open(disk, 'v1')
    expect(await journal.sync()).toBe(true)
    disk.add({ operation: 'write', kind: 'no-space', label: 'full' })
    journal.append('one')
    expect(await journal.sync()).toBe(false)
    journal.append('two')
    expect(await journal.sync()).toBe(false)
    journal.written(journal.mark('v2'))
    expect(await journal.sync()).toBe(true)
  })

  test('has all changes of one moment after two syncs, however many they are', async () => {
    const disk = newDisk()
    const { journal } = open(disk, 'v1')
    const before = disk.operationCount
    const synced: Promise<boolean>[] = []
    for (let index = 0; index < 1000; index++) {
      journal.append(`${index}`)
      synced.push(journal.sync())
    }
    expect(journal.isSynced).toBe(false)
    expect(new Set(await Promise.all(synced))).toEqual(new Set([true]))
    expect(journal.isSynced).toBe(true)
    // One write each, and besides them making the file, its first line, two syncs, and one of its name.
    expect(disk.operationCount - before - 1000).toBeLessThan(8)
    disk.crash(7)
    expect(open(disk, 'v1').changes).toHaveLength(1000)
  })

  test('that was read again after a death is not taken for synced', async () => {
    const disk = newDisk()
    open(disk, 'v1').journal.append('one')
    disk.kill()
    const { journal } = open(disk, 'v1')
    expect(journal.isSynced).toBe(false)
    expect(await journal.sync()).toBe(true)
    disk.crash(3)
    expect(open(disk, 'v1').changes).toEqual(['one'])
  })

  test('that the disk refused once is not taken for synced when it does so the next time, until the file was written', async () => {
    const disk = new FaultyFileSystem(newDisk())
    const { journal } = open(disk, 'v1')
    journal.append('one')
    disk.add({ operation: 'sync', kind: 'EIO', label: 'dying' })
    expect(await journal.sync()).toBe(false)
    journal.append('two')
    expect([await journal.sync(), journal.isComplete]).toEqual([false, false])
    const mark = journal.mark('v2')
    journal.append('three')
    journal.written(mark)
    expect(open(disk, 'v2').changes).toEqual(['three'])
    expect(await journal.sync()).toBe(false)
    journal.written(journal.mark('v3'))
    expect(await journal.sync()).toBe(true)
    journal.append('four')
    expect(await journal.sync()).toBe(true)
    expect(open(disk, 'v3').changes).toEqual(['four'])
  })

  test('says when the disk refuses', async () => {
    const disk = new FaultyFileSystem(newDisk())
    const { log, lines } = recordingLog()
    const journal = new ChangeJournal(disk, path, log)
    journal.append('one')
    disk.add({ operation: 'sync', kind: 'EIO', label: 'dying' })
    expect(await journal.sync()).toBe(false)
    expect(lines).toEqual([{ level: 'error', message: expect.stringMatching(/could not be synced/) }])
  })
})
