import { readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FolderLockedError } from '../../src/file-system.ts'
import { lockFolderByMarks } from '../../src/node/folder-lock.ts'
import { nameOfThisProcess } from '../../src/node/process-name.ts'
import { temporaryFolder } from '../../src/test-kit/index.ts'
import { LockingProcess, saidAtOnce } from './locking-process-kit.ts'

describe('the lock of a folder by marks alone', () => {
  test('keeps others out as long as its process runs, and tells which', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const holder = new LockingProcess(path)
    expect(await holder.says()).toBe('ready')
    holder.lock()
    expect(await holder.says()).toBe('held')
    try {
      expect(() => lockFolderByMarks(path)).toThrow(new FolderLockedError(path, holder.pid))
    } finally {
      await holder.kill()
    }
    lockFolderByMarks(path).release()
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('is free for the next one wherever in taking it a process was killed', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    // What a process leaves that held it before must not matter either.
    writeFileSync(`${path}.${nameOfThisProcess().replace(/^[0-9]+/, '999999999')}`, 'held\n')
    let killed = 0
    for (let call = 1; ; call++) {
      const taker = new LockingProcess(path, { deadlyCall: call })
      expect(await taker.says()).toBe('ready')
      taker.lock()
      const said = await taker.says()
      await taker.kill()
      lockFolderByMarks(path).release()
      expect(readdirSync(folder.path)).toEqual([])
      if (said === 'held') break
      expect(said).toBeUndefined()
      killed++
    }
    expect(killed).toBeGreaterThan(4)
  })

  test('is taken by just one of many that come at once', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const said = await saidAtOnce(path, 6, 'marks')
    expect(said.toSorted()).toEqual(['held', 'refused', 'refused', 'refused', 'refused', 'refused'])
  })

  test('is not held by a process that only has the id of the one that was killed', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const earlier = nameOfThisProcess().replace(/\.[0-9]+\./, '.1.')
    writeFileSync(`${path}.${earlier}`, 'held\n')
    if (earlier === nameOfThisProcess()) expect(() => lockFolderByMarks(path)).toThrow(FolderLockedError)
    else lockFolderByMarks(path).release()
  })

  test('leaves files alone that are no marks', () => {
    using folder = temporaryFolder()
    const names = ['lock', 'lock.bak', 'lock.0', 'lock.12x', 'lock.12.old', 'unlock.7']
    for (const name of names) writeFileSync(`${folder.path}/${name}`, 'held\n')
    lockFolderByMarks(`${folder.path}/lock`).release()
    expect(readdirSync(folder.path)).toEqual(names.toSorted())
  })
})
