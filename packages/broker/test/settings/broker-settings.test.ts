import {
  describeSettings,
  type Properties,
  type SettingsEnvironment,
  SettingsError,
  toPropertiesText,
} from '@rocketmq-ts/settings'
import { describe, expect, test } from 'vitest'
import { brokerSettings, readBrokerSettings } from '../../src/settings/index.ts'
import { otherBrokerKeys } from '../../src/settings/other-broker-keys.ts'

const environment: SettingsEnvironment = {
  hostName: 'machine-1',
  localAddress: '192.0.2.7',
  homeFolder: '/home/someone',
  variables: {},
  processors: 4,
}

function read(properties: Properties, variables: Record<string, string> = {}) {
  return readBrokerSettings(
    { namesrvAddr: '127.0.0.1:9876', ...Object.fromEntries(Object.entries(properties)) },
    { source: 'broker.conf', environment: { ...environment, variables } },
  )
}

describe('defaults', () => {
  test('are those of RocketMQ', () => {
    expect(read({}).values).toMatchObject({
      brokerClusterName: 'DefaultCluster',
      brokerName: 'machine-1',
      brokerId: 0,
      listenPort: 10_911,
      haListenPort: 10_912,
      brokerIP1: '192.0.2.7',
      brokerPermission: 6,
      autoCreateTopicEnable: true,
      defaultTopicQueueNums: 8,
      storePathRootDir: '/home/someone/store',
      storePathCommitLog: '/home/someone/store/commitlog',
      mappedFileSizeCommitLog: 1_073_741_824,
      fileReservedTime: 72,
      deleteWhen: [4],
      flushDiskType: 'ASYNC_FLUSH',
      maxMessageSize: 4_194_304,
      consumerFallbehindThreshold: 17_179_869_184,
      sendMessageThreadPoolNums: 4,
      endTransactionThreadPoolNums: 16,
    })
    expect(toPropertiesText(brokerSettings, read({}).values)).toContain(
      '\nmessageDelayLevel=1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h\n',
    )
  })

  test('warn of nothing', () => {
    expect(read({}).warnings).toEqual([])
  })

  test('are valid values of their types, and set to themselves warn of nothing', () => {
    const { values } = read({})
    for (const [key, setting] of Object.entries(brokerSettings)) {
      const text = (setting.type.format as (value: unknown) => string)(values[key as keyof typeof values])
      expect(read({ [key]: text }), key).toEqual({ values, warnings: [] })
    }
  })

  test('name servers come from NAMESRV_ADDR, which broker.conf overrides', () => {
    const fromVariable = {
      source: 'x',
      environment: { ...environment, variables: { NAMESRV_ADDR: 'ns1:9876;ns2:9876' } },
    }
    expect(readBrokerSettings({}, fromVariable).values.namesrvAddr).toEqual(['ns1:9876', 'ns2:9876'])
    expect(readBrokerSettings({ namesrvAddr: 'ns3:9876' }, fromVariable).values.namesrvAddr).toEqual(['ns3:9876'])
  })

  test('a NAMESRV_ADDR that is no address is refused by name', () => {
    const bad = { source: 'x', environment: { ...environment, variables: { NAMESRV_ADDR: 'ns1' } } }
    expect(() => readBrokerSettings({}, bad)).toThrow(/NAMESRV_ADDR=ns1 is not possible/)
  })

  test('no name server at all is warned of', () => {
    expect(readBrokerSettings({}, { source: 'x', environment }).warnings).toEqual([
      expect.stringContaining('namesrvAddr is not set'),
    ])
  })
})

describe('the declarations', () => {
  test('say what they mean in one sentence that fits a comment line', () => {
    for (const [key, { meaning }] of Object.entries(brokerSettings)) expect(meaning, key).toMatch(/^[A-Z][^\n]+\.$/)
  })

  test('have no key that is also among the other known keys', () => {
    expect([...otherBrokerKeys.keys()].filter((key) => key in brokerSettings)).toEqual([])
  })

  test('are each shown once by --print-config', () => {
    const text = describeSettings(brokerSettings, read({}).values)
    const keys = [...text.matchAll(/^(\w+)=/gm)].map((match) => match[1])
    expect(keys.toSorted()).toEqual(Object.keys(brokerSettings).toSorted())
  })
})

describe('what is not served', () => {
  test('keys of RocketMQ that tune its internals are known', () => {
    expect(read({ popCkOffsetMaxQueueSize: '1' }).warnings).toEqual([
      expect.stringContaining('popCkOffsetMaxQueueSize has no effect'),
    ])
  })

  test('a feature that is switched on warns and does not stop the start', () => {
    expect(read({ enableCalcFilterBitMap: 'true' }).warnings).toEqual([
      'broker.conf: enableCalcFilterBitMap=true has no effect: expressions are asked when messages are read',
    ])
  })

  test.each([
    ['brokerRole', 'SLAVE', 'replication is not served yet'],
    ['authenticationEnabled', 'true', 'open to everyone'],
    ['authorizationEnabled', 'true', 'open to everyone'],
    ['enableControllerMode', 'true', 'a second master'],
    ['enableDLegerCommitLog', 'true', 'would not be found'],
    ['storeType', 'defaultRocksDB', 'not served'],
    ['storePathCommitLog', '/disk1/commitlog,/disk2/commitlog', 'several folders for one log are not served'],
  ])('%s=%s stops the start, because acting as if it were off would do harm', (key, value, reason) => {
    expect(() => read({ [key]: value })).toThrow(SettingsError)
    expect(() => read({ [key]: value })).toThrow(reason)
  })
})

describe('values that RocketMQ settles itself', () => {
  test('a master has the id 0', () => {
    const { values, warnings } = read({ brokerId: '3' })
    expect(values.brokerId).toBe(0)
    expect(warnings).toEqual([expect.stringContaining('brokerId=3')])
  })

  test('a consume queue file is a whole number of entries', () => {
    expect(read({ mappedFileSizeConsumeQueue: '1001' }).values.mappedFileSizeConsumeQueue).toBe(1020)
  })
})
