import { expect, test } from 'vitest'
import { CrashableFileSystem, FaultyFileSystem } from '../../src/test-kit/index.ts'

test('fails the call that was asked for, with its label, and no other', () => {
  const fileSystem = new FaultyFileSystem(new CrashableFileSystem())
  const file = fileSystem.open('/a', 'create')
  const other = fileSystem.open('/b', 'create')
  const fault = fileSystem.add({ label: 'third write', operation: 'write', path: /a$/, nth: 3, kind: 'EIO' })
  const write = () => file.write(Buffer.from('x'), 0)
  write()
  write()
  other.write(Buffer.from('x'), 0)
  expect(write).toThrow(/EIO.*third write/)
  write()
  expect(fault.struck).toBe(1)
})

test('writes half of the bytes before it says that there is no space', () => {
  const fileSystem = new FaultyFileSystem(new CrashableFileSystem())
  const file = fileSystem.open('/a', 'create')
  const fault = fileSystem.add({ label: 'full', operation: 'write', count: 2, kind: 'no-space' })
  expect(() => file.write(Buffer.from('abcd'), 0)).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
  expect(fileSystem.readFile('/a')?.toString()).toBe('ab')
  expect(() => file.write(Buffer.from('abcd'), 0)).toThrow(/full/)
  file.write(Buffer.from('abcd'), 0)
  fault.remove()
  expect(fileSystem.readFile('/a')?.toString()).toBe('abcd')
})

test('turns a bit of what is read and leaves the file alone', async () => {
  const fileSystem = new FaultyFileSystem(new CrashableFileSystem())
  const file = fileSystem.open('/a', 'create')
  file.write(Buffer.from('abc'), 0)
  const read = async (): Promise<string> => {
    const bytes = Buffer.alloc(3)
    await file.readLater(bytes, 0)
    return bytes.toString('latin1')
  }
  fileSystem.add({ label: 'flip', operation: 'read', kind: 'flip' })
  expect(await read()).toBe('arc')
  expect(await read()).toBe('abc')
})

test('fails syncs in the background and at once', async () => {
  const fileSystem = new FaultyFileSystem(new CrashableFileSystem())
  const file = fileSystem.open('/a', 'create')
  fileSystem.add({ label: 'sync', operation: 'sync', count: 2, kind: 'EIO' })
  await expect(file.syncData()).rejects.toThrow(/EIO/)
  expect(() => file.syncDataNow()).toThrow(/EIO/)
  await file.syncData()
})

test('tells success of what it did not do, when it is to lie', () => {
  const fileSystem = new FaultyFileSystem(new CrashableFileSystem())
  const file = fileSystem.open('/a', 'create')
  fileSystem.add({ label: 'lie', operation: 'write', kind: 'lie' })
  file.write(Buffer.from('lost'), 0)
  expect(fileSystem.status('/a')?.sizeBytes).toBe(0)
})
