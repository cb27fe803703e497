import { checkChange, describeSettings, type Properties, SettingsError } from '@rocketmq-ts/settings'
import { describe, expect, test } from 'vitest'
import { nameServerChangeRules, nameServerSettings, readNameServerSettings } from '../../src/settings/index.ts'
import { otherNameServerKeys } from '../../src/settings/other-name-server-keys.ts'

function read(properties: Properties) {
  return readNameServerSettings(properties, {
    source: 'namesrv.conf',
    environment: {
      hostName: 'machine-1',
      localAddress: '192.0.2.7',
      homeFolder: '/home/someone',
      variables: { ROCKETMQ_HOME: '/opt/rocketmq' },
      processors: 4,
    },
  })
}

describe('defaults', () => {
  test('are those of RocketMQ, and warn of nothing', () => {
    const { values, warnings } = read({})
    expect(warnings).toEqual([])
    expect(values).toMatchObject({
      listenPort: 9876,
      bindAddress: '0.0.0.0',
      kvConfigPath: '/home/someone/namesrv/kvConfig.json',
      configStorePath: '/home/someone/namesrv/namesrv.properties',
      configBlackList: ['configBlackList', 'configStorePath', 'kvConfigPath'],
      scanNotActiveBrokerInterval: 5000,
      waitSecondsForService: 45,
      rocketmqHome: '/opt/rocketmq',
    })
  })

  test('are valid values of their types, and set to themselves warn of nothing', () => {
    const { values } = read({})
    for (const [key, setting] of Object.entries(nameServerSettings)) {
      const text = (setting.type.format as (value: unknown) => string)(values[key as keyof typeof values])
      expect(read({ [key]: text }), key).toEqual({ values, warnings: [] })
    }
  })
})

test('no key is both in the table and among the other known keys', () => {
  expect([...otherNameServerKeys.keys()].filter((key) => key in nameServerSettings)).toEqual([])
})

test('--print-config shows each key once', () => {
  const text = describeSettings(nameServerSettings, read({}).values)
  const keys = [...text.matchAll(/^(\w+)=/gm)].map((match) => match[1])
  expect(keys.toSorted()).toEqual(Object.keys(nameServerSettings).toSorted())
})

test('a bad port stops the start', () => {
  expect(() => read({ listenPort: '99999' })).toThrow(SettingsError)
})

test('keys that tune RocketMQ threads are known and have no effect', () => {
  expect(read({ serverSelectorThreads: '9', clientRequestThreadPoolNums: '9' }).warnings).toEqual([
    expect.stringContaining('serverSelectorThreads has no effect'),
    expect.stringContaining('clientRequestThreadPoolNums=9 has no effect: there is no thread pool'),
  ])
})

test('an update cannot move the files of the name server', () => {
  const { values } = read({})
  const body = Buffer.from('kvConfigPath=/etc/passwd')
  expect(checkChange(nameServerChangeRules, { current: values, next: values }, body)).toMatchObject({
    outcome: 'refused',
    code: 'NO_PERMISSION',
  })
})
