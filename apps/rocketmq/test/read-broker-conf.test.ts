import fs from 'node:fs'
import path from 'node:path'
import { brokerSettings } from '@rocketmq-ts/broker'
import { createNodePlatform } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { describeSettings } from '@rocketmq-ts/settings'
import { expect, test } from 'vitest'
import { absoluteConfPath, readConfFile } from '../src/conf-file.ts'
import { readBrokerConf } from '../src/read-broker-conf.ts'
import { noProperties, withOverrides } from '../src/sourced-properties.ts'

const platform = createNodePlatform()

/** A store with changes that requests left beside it. */
function store(kept = 'maxMessageSize=1000\ndeleteWhen=07\n') {
  const folder = temporaryFolder()
  const root = `${folder.path}/store`
  const keptPath = `${root}/config/broker.properties`
  fs.mkdirSync(path.dirname(keptPath), { recursive: true })
  fs.writeFileSync(keptPath, kept)
  const given = { storePathRootDir: root, namesrvAddr: 'ns:9876' }
  return { folder: folder.path, root, keptPath, given, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

const withConf = (values: Record<string, string>) => withOverrides(noProperties, values, 'my.conf')

test('what requests left beside the data counts more than a file for all brokers, and a line says so', () => {
  using it = store()
  const conf = withConf({ ...it.given, maxMessageSize: '5', fileReservedTime: '1' })
  const { values, keptChanges, warnings } = readBrokerConf({ conf, decided: {}, decidedBy: '-' }, platform)
  expect(values).toMatchObject({ maxMessageSize: 1000, deleteWhen: [7], fileReservedTime: 1 })
  expect(keptChanges).toBe(`changes by requests apply: maxMessageSize=1000, deleteWhen=07 (${it.keptPath})`)
  expect(warnings).toEqual([])
})

test('what is decided counts more than anything that requests left, and requests cannot change it', () => {
  using it = store('brokerName=b\nstorePathRootDir=/x\nmaxMessageSize=1\n')
  const decided = { brokerName: 'a', namesrvAddr: undefined }
  const read = readBrokerConf({ conf: withConf(it.given), decided, decidedBy: 'start' }, platform)
  expect(read.values).toMatchObject({ brokerName: 'a', storePathRootDir: it.root, maxMessageSize: 1 })
  expect([...read.decidedKeys]).toEqual([['brokerName', 'start']])
  expect(read.warnings).toEqual([
    `${it.keptPath}:1: brokerName has no effect in this file`,
    `${it.keptPath}:2: storePathRootDir has no effect in this file`,
  ])
})

test('a file given by -c holds its own changes, and those from before it are warned of', () => {
  using it = store()
  const confPath = `${it.folder}/broker.conf`
  const conf = withConf({ ...it.given, maxMessageSize: '5' })
  const read = readBrokerConf({ conf, confPath, decided: {}, decidedBy: '-n' }, platform)
  expect([read.values.maxMessageSize, read.keptChanges]).toEqual([5, undefined])
  expect(read.warnings).toEqual([expect.stringContaining(`the changes in ${it.keptPath} do not apply`)])
})

test('brokerConfigPath names another file, which is read over the one given by -c', () => {
  using it = store()
  const confPath = `${it.folder}/broker.conf`
  const conf = withConf({ ...it.given, brokerConfigPath: it.keptPath, maxMessageSize: '5' })
  const read = readBrokerConf({ conf, confPath, decided: {}, decidedBy: '-n' }, platform)
  expect([read.values.maxMessageSize, read.warnings]).toEqual([1000, []])
})

test('a bad value that was left beside the data stops the start with its line', () => {
  using it = store('\nmaxMessageSize=many\n')
  const read = () => readBrokerConf({ conf: withConf(it.given), decided: {}, decidedBy: '-' }, platform)
  expect(read).toThrow(`${it.keptPath}:2: maxMessageSize=many is not possible`)
})

test('--print-config gives a file that starts a broker with the same settings, kept changes included', () => {
  using it = store()
  const { values } = readBrokerConf({ conf: withConf(it.given), decided: {}, decidedBy: '-' }, platform)
  const printed = describeSettings(brokerSettings, values)
  const file = `${it.folder}/printed.conf`
  fs.writeFileSync(file, printed)
  fs.rmSync(it.keptPath)
  const conf = readConfFile(platform.fileSystem, file, '-c')
  const again = readBrokerConf({ conf, confPath: file, decided: {}, decidedBy: '-n' }, platform)
  expect([again.values, again.warnings]).toEqual([values, []])
  expect(describeSettings(brokerSettings, again.values)).toBe(printed)
})

test.skipIf(process.platform === 'win32')('changes go into the file that a link given by -c points to', () => {
  using it = store()
  fs.writeFileSync(`${it.folder}/real.conf`, '')
  fs.symlinkSync('real.conf', `${it.folder}/link.conf`)
  expect(absoluteConfPath(`${it.folder}/link.conf`)).toBe(fs.realpathSync(`${it.folder}/real.conf`))
})
