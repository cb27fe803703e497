import { type Properties, readSettings, SettingsError } from '@rocketmq-ts/settings'
import { describe, expect, test } from 'vitest'
import { exampleEnvironment, exampleTable } from './example-table.ts'

function read(properties: Properties) {
  return readSettings(exampleTable, properties, {
    source: 'broker.conf',
    environment: exampleEnvironment,
    otherKnownKeys: new Map([['highSpeedMode', 'false']]),
  })
}

function problemsOf(properties: Properties) {
  try {
    read(properties)
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
  throw new Error('the settings were accepted')
}

describe('values', () => {
  test('what is not set has its default, computed ones included', () => {
    const { values, warnings } = read({})
    expect(warnings).toEqual([])
    expect(values).toMatchObject({
      listenPort: 10_911,
      brokerName: 'machine-1',
      namesrvAddr: [],
      storePath: '/home/someone/store',
      logPath: '/home/someone/store/log',
      gap: 17_179_869_184,
      reviveQueueNum: 8,
    })
  })

  test('what is set is read by its type, with blanks around it left out', () => {
    const { values, warnings } = read(
      new Map([
        ['listenPort', ' 20911 '],
        ['namesrvAddr', '127.0.0.1:9876; [::1]:9877'],
        ['deleteWhen', '04;5'],
        ['ratio', '0.25'],
        ['delays', '1s  90s 2h 1d'],
        ['traceOn', 'FALSE'],
        ['configBlackList', ''],
      ]),
    )
    expect(warnings).toEqual([])
    expect(values).toMatchObject({
      listenPort: 20_911,
      namesrvAddr: ['127.0.0.1:9876', '[::1]:9877'],
      deleteWhen: [4, 5],
      ratio: 0.25,
      delays: [1000, 90_000, 7_200_000, 86_400_000],
      traceOn: false,
      configBlackList: [],
    })
  })

  test('a computed default follows the setting that it depends on', () => {
    expect(read({ storePath: '/data/a' }).values.logPath).toBe('/data/a/log')
  })

  test('a value beyond a limit that clamps is taken to the limit, with a warning', () => {
    const { values, warnings } = read({ registerNameServerPeriod: '5' })
    expect(values.registerNameServerPeriod).toBe(10_000)
    expect(warnings).toEqual([expect.stringContaining('registerNameServerPeriod=5')])
  })
})

describe('bad values', () => {
  test('all of them are listed, each with key, value, source and what is allowed', () => {
    const problems = problemsOf({ listenPort: '70000', traceOn: 'yes', role: 'MASTER' })
    expect(problems.map(({ key }) => key)).toEqual(['listenPort', 'traceOn', 'role'])
    expect(new SettingsError(problems).message).toBe(
      [
        'broker.conf: listenPort=70000 is not possible: allowed is a whole number from 0 to 65535',
        'broker.conf: traceOn=yes is not possible: allowed is true or false',
        'broker.conf: role=MASTER is not possible: allowed is one of ASYNC_MASTER, SYNC_MASTER',
      ].join('\n'),
    )
  })

  test('a word that RocketMQ knows and we do not serve is refused with the reason', () => {
    expect(problemsOf({ role: 'SLAVE' })[0]?.reason).toBe('replication is not served yet')
  })

  test.each([
    ['listenPort', ''],
    ['listenPort', '-1'],
    ['listenPort', '1.5'],
    ['listenPort', '0x10'],
    ['gap', '99999999999999999999'],
    ['gap', '9007199254740993'],
    ['ratio', 'NaN'],
    ['ratio', '1.5'],
    ['brokerName', ' '],
    ['deleteWhen', '24'],
    ['deleteWhen', '4,5'],
    ['namesrvAddr', '127.0.0.1'],
    ['namesrvAddr', '127.0.0.1:70000'],
    ['namesrvAddr', 'http://127.0.0.1:9876'],
    ['delays', '1s 5'],
    ['role', 'toString'],
  ])('%s=%s is refused', (key, value) => {
    expect(problemsOf({ [key]: value })).toHaveLength(1)
  })
})

describe('keys without effect', () => {
  test('an unknown key is named with the nearest known key', () => {
    expect(read({ brokerNmae: 'a' }).warnings).toEqual([
      'broker.conf: brokerNmae is not a known setting and has no effect; did you mean brokerName?',
    ])
  })

  test('an unknown key that resembles none is named alone', () => {
    expect(read({ zzzzzzzzzz: 'a' }).warnings).toEqual([
      'broker.conf: zzzzzzzzzz is not a known setting and has no effect',
    ])
  })

  test.each(['constructor', 'toString', '__proto__'])('%s is an unknown key like any other', (key) => {
    expect(read(new Map([[key, 'a']])).warnings).toHaveLength(1)
  })

  test('a known key that is not served warns when it is set to something else than its default', () => {
    expect(read({ popPollingSize: '1' }).warnings).toEqual([
      'broker.conf: popPollingSize=1 has no effect: POP is not served yet',
    ])
    expect(read({ popPollingSize: '1024', reviveQueueNum: '8' }).warnings).toEqual([])
  })

  test('a key that RocketMQ knows beside the table warns only when it is changed', () => {
    expect(read({ highSpeedMode: 'true' }).warnings).toEqual([expect.stringContaining('highSpeedMode has no effect')])
    expect(read({ highSpeedMode: 'false' }).warnings).toEqual([])
  })
})
