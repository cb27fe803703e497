import fs from 'node:fs'
import path from 'node:path'
import { nodeFileSystem } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { readConfFile } from '../src/conf-file.ts'
import { UserError } from '../src/user-error.ts'

test('keys, values and the lines on which they stand are read', () => {
  using folder = temporaryFolder()
  const file = path.join(folder.path, 'broker.conf')
  fs.writeFileSync(file, '# comment\nbrokerName = broker-x\n\nlistenPort=1\nlistenPort=2\n')
  const conf = readConfFile(nodeFileSystem, file, '-c')
  expect([...conf.properties]).toEqual([
    ['brokerName', 'broker-x'],
    ['listenPort', '2'],
  ])
  expect(conf.sourceOf('brokerName')).toBe(`${file}:2`)
  expect(conf.sourceOf('listenPort')).toBe(`${file}:5`)
})

test('a missing file is named with the option that gave it', () => {
  using folder = temporaryFolder()
  const file = path.join(folder.path, 'missing.conf')
  expect(() => readConfFile(nodeFileSystem, file, '--broker-conf')).toThrow(
    `cannot read ${file}: there is no such file; check the path given by --broker-conf`,
  )
})

test('a folder is told from a file', () => {
  using folder = temporaryFolder()
  expect(() => readConfFile(nodeFileSystem, folder.path, '-c')).toThrow(/it is a folder/)
})

test('a broken escape is named with its line and how to write it', () => {
  using folder = temporaryFolder()
  const file = path.join(folder.path, 'broker.conf')
  fs.writeFileSync(file, 'a=1\nstorePathRootDir=C:\\users\n')
  expect(() => readConfFile(nodeFileSystem, file, '-c')).toThrow(UserError)
  expect(() => readConfFile(nodeFileSystem, file, '-c')).toThrow(/line 2; write a backslash as \\\\/)
})
