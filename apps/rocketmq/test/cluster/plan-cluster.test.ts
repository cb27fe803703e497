import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advertisedHost, ownHost, planCluster } from '../../src/cluster/plan-cluster.ts'
import { UserError } from '../../src/user-error.ts'

const host = '127.0.0.1'
const defaults = { data: './data', host, namesrvPort: 9876, brokerPort: 10_911, brokers: 1 }

test('one broker by default, in a folder of its own beside that of the name server', () => {
  const dataFolder = path.resolve('data')
  expect(planCluster(defaults)).toEqual({
    dataFolder,
    host,
    nameServer: { port: 9876, folder: path.join(dataFolder, 'namesrv') },
    brokers: [{ name: 'broker-a', port: 10_911, folder: path.join(dataFolder, 'broker-a') }],
  })
})

test('each further broker has the next name and a port 10 higher', () => {
  const { brokers } = planCluster({ ...defaults, data: '/srv/rocketmq', brokers: 3 })
  expect(brokers).toEqual([
    { name: 'broker-a', port: 10_911, folder: '/srv/rocketmq/broker-a' },
    { name: 'broker-b', port: 10_921, folder: '/srv/rocketmq/broker-b' },
    { name: 'broker-c', port: 10_931, folder: '/srv/rocketmq/broker-c' },
  ])
})

test('port 0 stays 0 for every broker', () => {
  const { brokers } = planCluster({ ...defaults, brokerPort: 0, brokers: 2 })
  expect(brokers.map(({ port }) => port)).toEqual([0, 0])
})

test('ports beyond 65535 are refused with the option to change', () => {
  expect(() => planCluster({ ...defaults, brokerPort: 65_530, brokers: 2 })).toThrow(/broker-b .*--broker-port/)
})

test('a port for two is refused with the options to change', () => {
  expect(() => planCluster({ ...defaults, brokerPort: 9866, brokers: 2 })).toThrow(/broker-b .*9876.*--namesrv-port/)
})

test('the second port of a broker is one of its ports', () => {
  expect(() => planCluster({ ...defaults, namesrvPort: 10_919, brokers: 2 })).toThrow(
    /broker-b \(ports 10921 and 10919\) and the name server would share port 10919/,
  )
  // Without a port two below there is no second one.
  expect(planCluster({ ...defaults, namesrvPort: 1, brokerPort: 2 }).brokers[0]!.port).toBe(2)
})

test('clients are given an address that others reach when everything listens at all of them', () => {
  expect(advertisedHost({ host: '0.0.0.0' }, '192.0.2.1')).toBe('192.0.2.1')
  expect(advertisedHost({ host: '127.0.0.1' }, '192.0.2.1')).toBe('127.0.0.1')
  expect(ownHost({ host: '0.0.0.0' })).toBe('127.0.0.1')
  expect(ownHost({ host: '192.0.2.1' })).toBe('192.0.2.1')
})

test('whatever is asked for, no port, name or folder is given twice', () => {
  const port = fc.integer({ min: 1, max: 65_535 })
  fc.assert(
    fc.property(port, port, fc.integer({ min: 1, max: 100 }), (namesrvPort, brokerPort, count) => {
      try {
        const plan = planCluster({ data: 'data', host, namesrvPort, brokerPort, brokers: count })
        const own = plan.brokers.map((broker) => broker.port)
        const second = own.filter((number) => number > 2).map((number) => number - 2)
        const ports = [plan.nameServer.port, ...own, ...second]
        const folders = [plan.nameServer.folder, ...plan.brokers.map((broker) => broker.folder)]
        expect(new Set(ports).size).toBe(ports.length)
        expect(Math.max(...ports)).toBeLessThanOrEqual(65_535)
        expect(new Set(folders).size).toBe(count + 1)
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        const last = brokerPort + (count - 1) * 10
        const isOf = (number: number) => (number - brokerPort) % 10 === 0 && number >= brokerPort && number <= last
        const shared = isOf(namesrvPort) || isOf(namesrvPort + 2)
        expect(last > 65_535 || shared).toBe(true)
      }
    }),
  )
})
