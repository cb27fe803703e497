import { describe, expect, test } from 'vitest'
import { brokerSources, checkSharedConf, nameServerSources, warnOfHost } from '../../src/cluster/cluster-properties.ts'
import { planCluster } from '../../src/cluster/plan-cluster.ts'
import { noProperties, withOverrides } from '../../src/sourced-properties.ts'

const plan = planCluster({ data: '/srv/data', host: '127.0.0.1', namesrvPort: 9876, brokerPort: 10_911, brokers: 2 })
const nameServer = '127.0.0.1:9876'
const addresses = { host: '127.0.0.1', advertised: '127.0.0.1', nameServer }
const conf = (values: Record<string, string>) => withOverrides(noProperties, values, 'my.conf')

function propertiesOf(values: Record<string, string>) {
  const { conf: file, decided } = brokerSources(plan.brokers[1]!, conf(values), addresses)
  return { ...Object.fromEntries(file.properties), ...decided }
}

describe('a broker', () => {
  test('has name, port, folder and name server from the plan and is advertised on this machine', () => {
    expect(propertiesOf({})).toEqual({
      brokerName: 'broker-b',
      listenPort: '10921',
      storePathRootDir: '/srv/data/broker-b',
      brokerConfigPath: '',
      namesrvAddr: nameServer,
      bindAddress: '127.0.0.1',
      brokerIP1: '127.0.0.1',
    })
  })

  test('takes all other keys of the file', () => {
    expect(
      propertiesOf({ brokerIP1: '192.0.2.1', fileReservedTime: '1', brokerName: 'x', listenPort: '1' }),
    ).toMatchObject({
      brokerIP1: '192.0.2.1',
      fileReservedTime: '1',
      brokerName: 'broker-b',
      listenPort: '10921',
    })
  })

  test('registers at the name servers of the file as well', () => {
    expect(propertiesOf({ namesrvAddr: ' ns:9876 ' }).namesrvAddr).toBe(`${nameServer};ns:9876`)
  })
})

describe('a file for all brokers', () => {
  test('is warned of for each key that is set here', () => {
    expect(checkSharedConf(plan, conf({ brokerName: 'x', storePathRootDir: '/x', maxMessageSize: '1' }))).toEqual([
      'my.conf: brokerName has no effect: "rocketmq start" sets it for each broker',
      'my.conf: storePathRootDir has no effect: "rocketmq start" sets it for each broker',
    ])
  })

  test('is warned of when it gives clients an address at which nobody listens', () => {
    const file = conf({ brokerIP1: '192.0.2.1' })
    expect(warnOfHost(plan, file)).toBe(
      'my.conf: brokerIP1=192.0.2.1 is given to clients, and everything listens at 127.0.0.1 only: add --host 0.0.0.0',
    )
    expect(warnOfHost({ ...plan, host: '0.0.0.0' }, file)).toBeUndefined()
    expect(warnOfHost(plan, conf({}))).toBeUndefined()
  })

  test('cannot give several brokers one commit log', () => {
    expect(() => checkSharedConf(plan, conf({ storePathCommitLog: '/x' }))).toThrow(/my.conf: storePathCommitLog/)
    const single = { ...plan, brokers: plan.brokers.slice(0, 1) }
    expect(checkSharedConf(single, conf({ storePathCommitLog: '/x' }))).toEqual([])
  })
})

test('a name server has port, address and files from the plan', () => {
  const { conf: file, decided } = nameServerSources(plan)
  expect(file.properties.size).toBe(0)
  expect(decided).toEqual({
    listenPort: '9876',
    bindAddress: '127.0.0.1',
    kvConfigPath: '/srv/data/namesrv/kvConfig.json',
    configStorePath: '/srv/data/namesrv/namesrv.properties',
  })
})
