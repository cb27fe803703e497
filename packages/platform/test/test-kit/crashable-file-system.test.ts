import { describe, expect, test } from 'vitest'
import { replaceFile, replaceFileLater } from '../../src/index.ts'
import { CrashableFileSystem, PowerFailure } from '../../src/test-kit/index.ts'

const seeds = Array.from({ length: 300 }, (_, seed) => seed)

/** What is in a file after a crash, over many seeds. */
function outcomes(path: string, prepare: (fileSystem: CrashableFileSystem, seed: number) => void): Set<string> {
  const found = seeds.map((seed) => {
    const fileSystem = new CrashableFileSystem()
    fileSystem.makeFolder('/d')
    fileSystem.syncFolder('/')
    prepare(fileSystem, seed)
    fileSystem.crash(seed)
    return fileSystem.readFile(path)?.toString('latin1') ?? 'missing'
  })
  return new Set(found)
}

function write(fileSystem: CrashableFileSystem, path: string, text: string, isSynced: boolean): void {
  const file = fileSystem.open(path, 'create')
  file.write(Buffer.from(text), 0)
  if (isSynced) file.syncDataNow()
  file.close()
}

describe('a failure of the power', () => {
  test('keeps a file that was synced and whose folder was synced, always', () => {
    const found = outcomes('/d/a', (fileSystem) => {
      write(fileSystem, '/d/a', 'synced', true)
      fileSystem.syncFolder('/d')
    })
    expect([...found]).toEqual(['synced'])
  })

  test('may lose a synced file whose folder was not synced', () => {
    const found = outcomes('/d/a', (fileSystem) => write(fileSystem, '/d/a', 'synced', true))
    expect([...found].sort()).toEqual(['missing', 'synced'])
  })

  test('may lose a folder with all that is synced in it when its own name was not synced', () => {
    const found = outcomes('/d/e/a', (fileSystem) => {
      fileSystem.makeFolder('/d/e')
      write(fileSystem, '/d/e/a', 'synced', true)
      fileSystem.syncFolder('/d/e')
    })
    expect([...found].sort()).toEqual(['missing', 'synced'])
  })

  test('tears what was not synced at any byte, or keeps its size alone', () => {
    const found = outcomes('/d/a', (fileSystem) => {
      write(fileSystem, '/d/a', '', true)
      fileSystem.syncFolder('/d')
      write(fileSystem, '/d/a', 'abcd', false)
    })
    expect([...found].sort()).toEqual(['', '\0\0\0\0', 'a', 'ab', 'abc', 'abcd'])
  })

  test('keeps sectors in any order', () => {
    const found = outcomes('/d/a', (fileSystem) => {
      write(fileSystem, '/d/a', '-'.repeat(1024), true)
      fileSystem.syncFolder('/d')
      write(fileSystem, '/d/a', '+'.repeat(1024), false)
    })
    expect(found).toContain('-'.repeat(512) + '+'.repeat(512))
    expect(found).toContain('+'.repeat(512) + '-'.repeat(512))
  })

  test('keeps a part of the removed names, in any order', () => {
    const names = new Set(
      seeds.map((seed) => {
        const fileSystem = new CrashableFileSystem()
        for (const name of ['a', 'b']) write(fileSystem, `/${name}`, name, true)
        fileSystem.syncFolder('/')
        fileSystem.remove('/a')
        fileSystem.remove('/b')
        fileSystem.crash(seed)
        return fileSystem.list('/').join()
      }),
    )
    expect([...names].sort()).toEqual(['', 'a', 'a,b', 'b'])
  })

  test('never leaves a mixture behind of a file that is replaced as a whole', () => {
    const found = outcomes('/d/a', (fileSystem, seed) => {
      replaceFile(fileSystem, '/d/a', Buffer.from('old '.repeat(300)))
      fileSystem.failPowerAt(1 + (seed % 11))
      expect(() => replaceFile(fileSystem, '/d/a', Buffer.from('new '.repeat(300)), '/d/a.bak')).toThrow(PowerFailure)
    })
    expect([...found].sort()).toEqual(['new '.repeat(300), 'old '.repeat(300)])
  })

  test('never leaves a mixture behind of a file that is replaced in the background, and keeps what was replaced', async () => {
    const found = new Set<string>()
    for (const seed of seeds) {
      const fileSystem = new CrashableFileSystem()
      fileSystem.makeFolder('/d')
      fileSystem.syncFolder('/')
      replaceFile(fileSystem, '/d/a', Buffer.from('old '.repeat(300)))
      fileSystem.failPowerAt(1 + (seed % 12))
      const replacing = replaceFileLater(fileSystem, '/d/a', Buffer.from('new '.repeat(300)), '/d/a.bak', () => true)
      await replacing.catch((error) => expect(error).toBeInstanceOf(PowerFailure))
      fileSystem.crash(seed)
      found.add(fileSystem.readFile('/d/a')!.toString())
      const backup = fileSystem.readFile('/d/a.bak')
      if (backup !== undefined) expect(backup.toString()).toBe('old '.repeat(300))
    }
    expect([...found].sort()).toEqual(['new '.repeat(300), 'old '.repeat(300)])
  })

  test('a file that is replaced at once while it is replaced in the background keeps the newer content', async () => {
    for (let first = 0; first < 40; first++) {
      const fileSystem = new CrashableFileSystem()
      fileSystem.makeFolder('/d')
      replaceFile(fileSystem, '/d/a', Buffer.from('old'))
      let isWanted = true
      const replacing = replaceFileLater(fileSystem, '/d/a', Buffer.from('newer'), '/d/a.bak', () => isWanted)
      for (let turn = 0; turn < first; turn++) await Promise.resolve()
      isWanted = false
      replaceFile(fileSystem, '/d/a', Buffer.from('newest'), first % 3 === 0 ? undefined : '/d/a.bak')
      await replacing
      expect(fileSystem.readFile('/d/a')?.toString()).toBe('newest')
      expect(fileSystem.list('/d').filter((name) => name.endsWith('.tmp'))).toEqual([])
    }
  })

  test('vouches with a sync in the background for what was written before it only', async () => {
    const found = new Set<string>()
    for (const seed of seeds) {
      const fileSystem = new CrashableFileSystem()
      const file = fileSystem.open('/a', 'create')
      fileSystem.syncFolder('/')
      file.write(Buffer.from('one'), 0)
      const syncing = file.syncData()
      file.write(Buffer.from('two'), 3)
      await syncing
      fileSystem.crash(seed)
      found.add(fileSystem.readFile('/a')!.toString())
    }
    expect(found).toContain('one')
    expect(found).toContain('onetwo')
    for (const text of found) expect(text.startsWith('one')).toBe(true)
  })

  test('vouches with a sync of names in the background for those that were there before it only', async () => {
    const found = new Set<string>()
    for (const seed of seeds) {
      const fileSystem = new CrashableFileSystem()
      fileSystem.open('/one', 'create').close()
      const syncing = fileSystem.syncFolderLater('/')
      fileSystem.open('/two', 'create').close()
      await syncing
      fileSystem.crash(seed)
      found.add(fileSystem.list('/').join(' '))
    }
    expect([...found].sort()).toEqual(['one', 'one two'])
  })

  test('is the same for the same seed', () => {
    const run = (): Buffer => {
      const fileSystem = new CrashableFileSystem()
      const file = fileSystem.open('/a', 'create')
      fileSystem.syncFolder('/')
      for (let index = 0; index < 20; index++) file.write(Buffer.alloc(700, index + 1), index * 650)
      fileSystem.crash(42)
      return fileSystem.readFile('/a')!
    }
    expect(run()).toEqual(run())
  })

  test('changes the boot id, ends handles and locks, and comes at the operation that was asked for', () => {
    const fileSystem = new CrashableFileSystem()
    const file = fileSystem.open('/a', 'create')
    fileSystem.lockFolder('/lock')
    const boot = fileSystem.bootId()
    fileSystem.failPowerAt(2)
    file.write(Buffer.from('x'), 0)
    expect(() => file.write(Buffer.from('y'), 1)).toThrow(PowerFailure)
    expect(() => fileSystem.list('/')).toThrow(PowerFailure)
    fileSystem.crash(1)
    expect(fileSystem.bootId()).not.toBe(boot)
    expect(() => file.sizeBytes()).toThrow(PowerFailure)
    fileSystem.lockFolder('/lock').release()
  })
})

describe('the death of the process', () => {
  test('keeps any part from its start on of a write in the background that had not ended', async () => {
    const kept = new Set<number>()
    for (let seed = 0; seed < 60; seed++) {
      const disk = new CrashableFileSystem()
      disk.crash(seed)
      const writing = disk.open('/a', 'create').writeLater(Buffer.from('abcd'), 0)
      disk.kill()
      await expect(writing).rejects.toThrow()
      const bytes = disk.readFile('/a')!
      expect('abcd'.startsWith(bytes.toString())).toBe(true)
      kept.add(bytes.length)
    }
    expect([...kept].sort()).toEqual([0, 1, 2, 3, 4])
  })

  test('keeps what was written and the boot id, and ends handles and locks', () => {
    const fileSystem = new CrashableFileSystem()
    const boot = fileSystem.bootId()
    write(fileSystem, '/a', 'written', false)
    const file = fileSystem.open('/a', 'update')
    fileSystem.lockFolder('/lock')
    fileSystem.kill()
    expect(fileSystem.readFile('/a')?.toString()).toBe('written')
    expect(fileSystem.bootId()).toBe(boot)
    expect(() => file.write(Buffer.from('x'), 0)).toThrow(PowerFailure)
    fileSystem.lockFolder('/lock').release()
  })

  test('leaves what was not synced open to a failure of the power later', () => {
    const survivors = new Set(
      seeds.map((seed) => {
        const fileSystem = new CrashableFileSystem()
        write(fileSystem, '/a', 'written', false)
        fileSystem.kill()
        fileSystem.crash(seed)
        return fileSystem.list('/').join()
      }),
    )
    expect([...survivors].sort()).toEqual(['', 'a'])
  })
})
