import type { Log } from '@rocketmq-ts/platform'
import { commands, topicRouteBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { SameNameWatch } from '../src/same-name-watch.ts'
import { eventually, register, startNameServer, timeoutMs } from './name-server-kit.ts'

interface Line {
  readonly level: keyof Log
  readonly message: string
  readonly fields: Record<string, unknown>
}

function recordingLog(): { log: Log; lines: Line[]; said(message: string): Line[] } {
  const lines: Line[] = []
  const at =
    (level: keyof Log) =>
    (fields: Record<string, unknown>, message: string): void =>
      void lines.push({ level, message, fields })
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return {
    log,
    lines,
    said: (part) => lines.filter(({ message, level }) => level !== 'debug' && message.includes(part)),
  }
}

const aPeer = expect.stringMatching(/^127\.0\.0\.1:\d+$/)

describe('the log', () => {
  test('says which brokers come and go, by whom, and nothing when one only registers again', async () => {
    const { log, lines, said } = recordingLog()
    await using running = await startNameServer({}, undefined, log)
    const broker = running.connect()
    await register(broker, running.address, ['t1', 't2'])
    await register(broker, running.address, ['t1', 't2', 't3'], { dataVersion: { counter: 2 } })
    const come = { brokerName: 'broker-a', brokerId: 0, address: '127.0.0.1:1', topics: 2, peer: aPeer }
    expect(lines.filter(({ level }) => level !== 'debug')).toEqual([
      { level: 'info', message: 'a broker registered', fields: come },
    ])
    await broker.close()
    await eventually(async () => said('a broker is gone').length > 0, 'the loss is said')
    expect(said('a broker is gone')).toMatchObject([{ level: 'warn', fields: { brokerName: 'broker-a', peer: aPeer } }])
    await register(running.client, running.address, ['t1', 't2'])
    const header = { brokerName: 'broker-a', brokerId: 0, brokerAddr: '127.0.0.1:1', clusterName: 'c' }
    await running.client.invoke(running.address, commands.unregisterBroker, { header, timeoutMs })
    expect(said('unregistered')).toMatchObject([{ level: 'info', fields: { address: '127.0.0.1:1', peer: aPeer } }])
  })

  test('warns once of two brokers that alternate under one name and id', async () => {
    const { log, said } = recordingLog()
    await using running = await startNameServer({}, undefined, log)
    for (let round = 0; round < 5; round++) {
      for (const brokerAddr of ['127.0.0.1:1', '127.0.0.1:2']) {
        await register(running.client, running.address, ['t1', 't2'], { brokerAddr })
      }
    }
    expect(said('had the same name and id')).toEqual([
      {
        level: 'warn',
        message: expect.stringContaining('give one of them another brokerName or brokerId'),
        fields: { brokerName: 'broker-a', brokerId: 0, address: '127.0.0.1:2', before: '127.0.0.1:1', peer: aPeer },
      },
    ])
    expect(said('a broker registered')).toHaveLength(1)
  })

  test('says which topics and entries are made and deleted, and by whom', async () => {
    const { log, said } = recordingLog()
    await using running = await startNameServer({}, undefined, log)
    const { client, address } = running
    await register(client, address, ['t1', 't2'])
    await client.invoke(address, commands.deleteTopicInNamesrv, { header: { topic: 't1' }, timeoutMs })
    await client.invoke(address, commands.deleteTopicInNamesrv, { header: { topic: 'none' }, timeoutMs })
    expect(said('a topic was deleted')).toEqual([
      { level: 'info', message: 'a topic was deleted', fields: { topic: 't1', brokers: ['broker-a'], peer: aPeer } },
    ])
    const queues = { brokerName: 'broker-a', readQueueNums: 1, writeQueueNums: 1, perm: 6, topicSysFlag: 0 }
    const body = topicRouteBody.encode({ queueDatas: [queues], brokerDatas: [], filterServerTable: new Map() })
    await client.invoke(address, commands.registerTopicInNamesrv, { header: { topic: 't9' }, body, timeoutMs })
    expect(said('a topic was registered')).toMatchObject([{ fields: { topic: 't9', peer: aPeer } }])
    const entry = { namespace: 'n', key: 'k' }
    await client.invoke(address, commands.putKvConfig, { header: { ...entry, value: 'v' }, timeoutMs })
    await client.invoke(address, commands.deleteKvConfig, { header: entry, timeoutMs })
    await client.invoke(address, commands.deleteKvConfig, { header: entry, timeoutMs })
    expect(said('entry was put')).toMatchObject([{ fields: { ...entry, peer: aPeer } }])
    expect(said('entry was deleted')).toMatchObject([{ fields: { ...entry, peer: aPeer } }])
    for (const command of [commands.wipeWritePermOfBroker, commands.addWritePermOfBroker]) {
      await client.invoke(address, command, { header: { brokerName: 'broker-a' }, timeoutMs })
    }
    expect(said('write permission')).toMatchObject([{ fields: { peer: aPeer } }, { fields: { peer: aPeer } }])
  })
})

test('topics that a whole registration leaves out are said, some of many', async () => {
  const { log, said } = recordingLog()
  await using running = await startNameServer({ deleteTopicWithBrokerRegistration: 'true' }, undefined, log)
  const many = Array.from({ length: 13 }, (_, index) => `t${String(index).padStart(2, '0')}`)
  await register(running.client, running.address, many)
  await register(running.client, running.address, many.slice(0, 2), { dataVersion: { counter: 2 } })
  expect(said('topics were deleted')).toMatchObject([
    { fields: { brokerName: 'broker-a', topics: [...many.slice(2, 12), 'and 1 more'], peer: aPeer } },
  ])
})

test('two brokers that alternate are warned of again after ten minutes, another pair at once', () => {
  const { log, said } = recordingLog()
  const watch = new SameNameWatch(log)
  const broker = (address: string) => ({ brokerName: 'a', brokerId: 0, address })
  const warnings = () => said('had the same name').length
  watch.replaced(broker('h:1'), 'h:2', 'p', 0)
  watch.replaced(broker('h:2'), 'h:1', 'p', 599_999)
  expect(warnings()).toBe(1)
  watch.replaced(broker('h:1'), 'h:2', 'p', 600_000)
  expect(warnings()).toBe(2)
  watch.replaced(broker('h:2'), 'h:3', 'p', 600_001)
  expect(warnings()).toBe(3)
})
