import fs from 'node:fs'
import { createNodePlatform } from '@rocketmq-ts/platform'
import { FaultyFileSystem, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { ProtocolError, parseJavaProperties, type ResponseCodeName } from '@rocketmq-ts/protocol'
import { KeptFile, RunningSettings, readSettings } from '@rocketmq-ts/settings'
import { expect, test } from 'vitest'
import { exampleEnvironment, exampleRules, exampleTable } from './example-table.ts'

function start() {
  const folder = temporaryFolder()
  const path = `${folder.path}/a.conf`
  const fileSystem = new FaultyFileSystem(createNodePlatform().fileSystem)
  const given = fs.existsSync(path) ? parseJavaProperties(fs.readFileSync(path, 'utf8')) : {}
  const initial = readSettings(exampleTable, given, { source: 'a.conf', environment: exampleEnvironment }).values
  const settings = new RunningSettings({
    ...exampleRules,
    initial,
    keptFile: new KeptFile(fileSystem, path),
    nowMs: 1000,
  })
  const told: (readonly string[])[] = []
  settings.onChange((keys) => told.push(keys))
  return {
    settings,
    told,
    path,
    fileSystem,
    change: (body: string) => settings.change(Buffer.from(body), 2000),
    refusal(body: string): [ResponseCodeName, string] {
      try {
        settings.change(Buffer.from(body), 2000)
      } catch (error) {
        if (error instanceof ProtocolError) return [error.responseCode, error.message]
        throw error
      }
      throw new Error('it was taken')
    },
    read: () => (fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : undefined),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

test('a live key is in force, kept and told, without a remark', () => {
  using it = start()
  expect(it.change('traceOn=false')).toEqual({ changedKeys: ['traceOn'], restartKeys: [], remark: undefined })
  expect([it.settings.current.traceOn, it.told, it.read()]).toEqual([false, [['traceOn']], 'traceOn=false\n'])
  expect(it.settings.version).toEqual({ counter: 1, timestamp: 2000 })
})

test('a key that needs a restart is kept and shown, is not in force, and the remark says so', () => {
  using it = start()
  const { remark } = it.change('listenPort=1\ntraceOn=false')
  expect(remark).toBe(`listenPort=1: kept in ${it.path}, takes effect at the next start`)
  expect(it.settings.current).toMatchObject({ listenPort: 10_911, traceOn: false })
  expect(parseJavaProperties(it.settings.toPropertiesText()).get('listenPort')).toBe('1')
  expect([it.told, it.read()]).toEqual([[['traceOn']], 'listenPort=1\ntraceOn=false\n'])
})

test('a value that was taken differently is told in the remark, and kept as it was taken', () => {
  using it = start()
  expect(it.change('registerNameServerPeriod=1').remark).toContain('so 10000 is used')
  expect(it.read()).toBe('registerNameServerPeriod=10000\n')
})

test('a change that changes nothing writes nothing, and is counted', () => {
  using it = start()
  expect(it.change('traceOn=true').changedKeys).toEqual([])
  expect([it.read(), it.told, it.settings.version.counter]).toEqual([undefined, [], 1])
  expect(it.change('').changedKeys).toEqual([])
})

test('a refused change changes nothing, keeps nothing and is not counted', () => {
  using it = start()
  const before = it.settings.current
  expect(it.refusal('traceOn=false\nlistenPort=x')[0]).toBe('INVALID_PARAMETER')
  expect(it.refusal('traceOn=false\nstorePath=x')[0]).toBe('NO_PERMISSION')
  expect([it.settings.current, it.read(), it.told, it.settings.version.counter]).toEqual([before, undefined, [], 0])
})

test('what fails after a change is answered, and all others are told all the same', () => {
  using it = start()
  const told: string[] = []
  it.settings.onChange(() => {
    throw new Error('no space')
  })
  it.settings.onChange(() => told.push('second'))
  expect(it.refusal('traceOn=false')).toEqual([
    'SYSTEM_ERROR',
    'the change is made and kept, but what follows failed: no space',
  ])
  expect([it.settings.current.traceOn, it.read(), told]).toEqual([false, 'traceOn=false\n', ['second']])
})

test('a change that cannot be kept is not made', () => {
  using it = start()
  it.fileSystem.add({ label: 'full', operation: 'write', kind: 'ENOSPC' })
  expect(it.refusal('traceOn=false')).toEqual([
    'SYSTEM_ERROR',
    `the change cannot be kept in ${it.path}: the disk is full; nothing was changed`,
  ])
  expect([it.settings.current.traceOn, it.read(), it.told]).toEqual([true, undefined, []])
  it.change('traceOn=false')
  expect([it.settings.current.traceOn, it.read()]).toEqual([false, 'traceOn=false\n'])
})
