import fs from 'node:fs'
import { nodeFileSystem } from '@rocketmq-ts/platform'
import { CrashableFileSystem, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readKeyValueFile, writeKeyValueFile } from '../../src/key-values/key-value-file.ts'

test('a missing file is an empty configuration', () => {
  using folder = temporaryFolder()
  expect(readKeyValueFile(nodeFileSystem, `${folder.path}/kv.json`)).toEqual(new Map())
})

test('the file that was replaced last stands in for a damaged one', () => {
  using folder = temporaryFolder()
  const path = `${folder.path}/deep/kv.json`
  const first = new Map([['n', new Map([['k', '1']])]])
  writeKeyValueFile(nodeFileSystem, path, first)
  writeKeyValueFile(nodeFileSystem, path, new Map([['n', new Map([['k', '2']])]]))
  fs.writeFileSync(path, '{"configTable":{"n"')
  expect(readKeyValueFile(nodeFileSystem, path)).toEqual(first)
})

test('a file in a new folder survives a power failure, and so does one in a folder that a dead process made', () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new CrashableFileSystem()
    const tables = new Map([['n', new Map([['k', '1']])]])
    if (seed % 2 === 0) disk.makeFolder('/home/namesrv')
    disk.kill()
    writeKeyValueFile(disk, '/home/namesrv/kv.json', tables)
    disk.crash(seed)
    expect(readKeyValueFile(disk, '/home/namesrv/kv.json')).toEqual(tables)
  }
})

test('numbers and booleans are taken as their text, and null as nothing', () => {
  using folder = temporaryFolder()
  const path = `${folder.path}/kv.json`
  fs.writeFileSync(path, '{"configTable":{"n":{"a":7,"b":true,"c":null}}}')
  const expected = new Map([
    ['a', '7'],
    ['b', 'true'],
  ])
  expect(readKeyValueFile(nodeFileSystem, path)).toEqual(new Map([['n', expected]]))
})

test.each([
  '{',
  '[]',
  '{"configTable":[]}',
  '{"configTable":{"n":7}}',
  '{"configTable":{"n":{"k":{}}}}',
  '{"configTable":{"n":{"k":{"toString":1}}}}',
])('%s alone stops the start', (content) => {
  using folder = temporaryFolder()
  const path = `${folder.path}/kv.json`
  fs.writeFileSync(path, content)
  expect(() => readKeyValueFile(nodeFileSystem, path)).toThrow(path)
})

test('whatever names and values are, they are read as they were written', () => {
  using folder = temporaryFolder()
  const path = `${folder.path}/kv.json`
  const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', '7'))
  const table = fc.array(fc.tuple(name, fc.string())).map((entries) => new Map(entries))
  const tables = fc.array(fc.tuple(name, table)).map((entries) => new Map(entries))
  fc.assert(
    fc.property(tables, (written) => {
      writeKeyValueFile(nodeFileSystem, path, written)
      expect(readKeyValueFile(nodeFileSystem, path)).toEqual(written)
    }),
    { numRuns: 30 },
  )
})
