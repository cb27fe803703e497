import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planCluster } from '../../src/cluster/plan-cluster.ts'
import { UserError } from '../../src/user-error.ts'

const defaults = { data: './data', namesrvPort: 9876, brokerPort: 10_911, brokers: 1 }

test('one broker by default, in a folder of its own beside that of the name server', () => {
  const dataFolder = path.resolve('data')
  expect(planCluster(defaults)).toEqual({
    dataFolder,
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

test('whatever is asked for, no port, name or folder is given twice', () => {
  const port = fc.integer({ min: 1, max: 65_535 })
  fc.assert(
    fc.property(port, port, fc.integer({ min: 1, max: 100 }), (namesrvPort, brokerPort, count) => {
      try {
        const plan = planCluster({ data: 'data', namesrvPort, brokerPort, brokers: count })
        const ports = [plan.nameServer.port, ...plan.brokers.map((broker) => broker.port)]
        const folders = [plan.nameServer.folder, ...plan.brokers.map((broker) => broker.folder)]
        expect(new Set(ports).size).toBe(count + 1)
        expect(Math.max(...ports)).toBeLessThanOrEqual(65_535)
        expect(new Set(folders).size).toBe(count + 1)
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        const last = brokerPort + (count - 1) * 10
        const shared = (namesrvPort - brokerPort) % 10 === 0 && namesrvPort >= brokerPort && namesrvPort <= last
        expect(last > 65_535 || shared).toBe(true)
      }
    }),
  )
})
