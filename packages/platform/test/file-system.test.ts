import { describe, expect, test } from 'vitest'
import { type FileSystem, nodeFileSystem } from '../src/index.ts'
import { CrashableFileSystem, FaultyFileSystem, temporaryFolder } from '../src/test-kit/index.ts'

function inMemory(): { fileSystem: FileSystem; root: string; [Symbol.dispose](): void } {
  const fileSystem = new CrashableFileSystem()
  fileSystem.makeFolder('/root')
  return { fileSystem, root: '/root', [Symbol.dispose]() {} }
}

function onDisk(): { fileSystem: FileSystem; root: string; [Symbol.dispose](): void } {
  const folder = temporaryFolder()
  return { fileSystem: nodeFileSystem, root: folder.path, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

function passedThrough(): { fileSystem: FileSystem; root: string; [Symbol.dispose](): void } {
  return { ...inMemory(), fileSystem: new FaultyFileSystem(new CrashableFileSystem()), root: '/' }
}

describe.each([
  ['of Node', onDisk],
  ['in memory', inMemory],
  ['with faults, without any set', passedThrough],
])('the file system %s', (_, make) => {
  test('gives back what was written, with zeros where nothing was', async () => {
    using place = make()
    const file = place.fileSystem.open(`${place.root}/a`, 'create')
    file.write(Buffer.from('tail'), 9_000)
    file.write(Buffer.from('head'), 0)
    expect(file.sizeBytes()).toBe(9_004)
    const bytes = Buffer.alloc(20, 1)
    expect(file.read(bytes, 8_990)).toBe(14)
    expect(bytes.toString('latin1', 0, 14)).toBe('\0\0\0\0\0\0\0\0\0\0tail')
    expect(await file.readLater(bytes, 0)).toBe(20)
    expect(bytes.toString('latin1', 0, 5)).toBe('head\0')
    expect(file.read(bytes, 10_000)).toBe(0)
    file.close()
  })

  test('reads and writes nothing once it is closed: its descriptor may be that of another file', async () => {
    using place = make()
    const path = `${place.root}/closed`
    const file = place.fileSystem.open(path, 'create')
    file.write(Buffer.from('abc'), 0)
    file.close()
    const calls: (() => unknown)[] = [
      () => file.write(Buffer.from('x'), 0),
      () => file.read(Buffer.alloc(1), 0),
      () => file.sizeBytes(),
      () => file.truncate(0),
      () => file.syncDataNow(),
    ]
    for (const call of calls) expect(call).toThrow(expect.objectContaining({ code: 'EBADF' }))
    for (const call of [file.writeLater(Buffer.from('x'), 0), file.readLater(Buffer.alloc(1), 0), file.syncData()]) {
      await expect(call).rejects.toMatchObject({ code: 'EBADF' })
    }
    expect(place.fileSystem.readFile(path)!.toString()).toBe('abc')
  })

  test('brings a read to its end although the file is closed and removed meanwhile', async () => {
    using place = make()
    const file = place.fileSystem.open(`${place.root}/a`, 'create')
    file.write(Buffer.from('twelve bytes'), 0)
    const bytes = Buffer.alloc(100)
    // The end of the file is only seen by a second call to the system.
    const reading = file.readLater(bytes, 0)
    file.close()
    place.fileSystem.remove(`${place.root}/a`)
    expect(await reading).toBe(12)
    expect(bytes.toString('latin1', 0, 12)).toBe('twelve bytes')
  })

  test('brings a write in the background to its end although the file is closed meanwhile', async () => {
    using place = make()
    const file = place.fileSystem.open(`${place.root}/a`, 'create')
    const large = Buffer.alloc(3_000_000, 7)
    const writing = Promise.all([file.writeLater(large, 100), file.writeLater(Buffer.from('head'), 0)])
    file.close()
    await writing
    await expect(file.writeLater(large, 0)).rejects.toThrow()
    const bytes = place.fileSystem.readFile(`${place.root}/a`)!
    expect([bytes.length, bytes.toString('latin1', 0, 6)]).toEqual([3_000_100, 'head\0\0'])
    expect(bytes.subarray(100).every((byte) => byte === 7)).toBe(true)
  })

  test('grows with zeros after it was cut', () => {
    using place = make()
    const file = place.fileSystem.open(`${place.root}/a`, 'create')
    file.write(Buffer.alloc(6_000, 1), 0)
    file.truncate(5_000)
    file.truncate(6_000)
    const bytes = Buffer.alloc(2)
    file.read(bytes, 4_999)
    expect([...bytes]).toEqual([1, 0])
    expect(place.fileSystem.status(`${place.root}/a`)).toMatchObject({ kind: 'file', sizeBytes: 6_000 })
    file.close()
  })

  test('names, renames and removes', async () => {
    using place = make()
    const { fileSystem, root } = place
    fileSystem.makeFolder(`${root}/b/c`)
    fileSystem.open(`${root}/b/c/two`, 'create').close()
    fileSystem.open(`${root}/b/c/one`, 'create').close()
    expect(fileSystem.list(`${root}/b/c`)).toEqual(['one', 'two'])
    fileSystem.rename(`${root}/b/c/one`, `${root}/b/c/three`)
    fileSystem.remove(`${root}/b/c/two`)
    expect(fileSystem.list(`${root}/b/c`)).toEqual(['three'])
    fileSystem.syncFolder(`${root}/b`)
    await fileSystem.syncFolderLater(`${root}/b/c`)
    await expect(fileSystem.syncFolderLater(`${root}/none`)).rejects.toThrow(/ENOENT/)
    fileSystem.removeFolder(`${root}/b`)
    expect(fileSystem.list(`${root}/b`)).toEqual([])
    expect(fileSystem.status(`${root}/b`)).toBeUndefined()
    expect(fileSystem.readFile(`${root}/b/c/three`)).toBeUndefined()
    expect(() => fileSystem.open(`${root}/none`, 'update')).toThrow(/ENOENT/)
    expect(() => fileSystem.remove(`${root}/none`)).toThrow(/ENOENT/)
    expect(() => fileSystem.rename(`${root}/none`, `${root}/other`)).toThrow(/ENOENT/)
  })

  test('locks a folder for one at a time', () => {
    using place = make()
    const lock = place.fileSystem.lockFolder(`${place.root}/lock`)
    expect(() => place.fileSystem.lockFolder(`${place.root}/lock`)).toThrow(/is held/)
    lock.release()
    place.fileSystem.lockFolder(`${place.root}/lock`).release()
  })
})
