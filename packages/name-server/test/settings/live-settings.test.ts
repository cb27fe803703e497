import { createNodePlatform } from '@rocketmq-ts/platform'
import {
  commands,
  FrameDecoder,
  keyValueTableBody,
  type RemotingCommand,
  topicListBody,
  topicRouteBody,
} from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { nameServerSettings } from '../../src/settings/index.ts'
import { eventually, type RunningNameServer, register, startNameServer, timeoutMs } from '../name-server-kit.ts'

/** What is seen of a setting, in a name server that knows the topics t1 to t3 of one broker. */
type Look = (running: RunningNameServer) => Promise<unknown>

const topics = ['t1', 't2', 't3']
const orderOfT1 = { namespace: 'ORDER_TOPIC_CONFIG', key: 't1', value: 'broker-a:4' }

async function routeOf({ client, address }: RunningNameServer) {
  const { body } = await client.invoke(address, commands.getRouteinfoByTopic, { header: { topic: 't1' }, timeoutMs })
  return topicRouteBody.decode(body)
}

function putOrder({ client, address }: RunningNameServer): Promise<unknown> {
  return client.invoke(address, commands.putKvConfig, { header: orderOfT1, timeoutMs })
}

async function masterLeaves({ client, address }: RunningNameServer, brokerName: string): Promise<void> {
  const header = { clusterName: 'c', brokerName, brokerAddr: '127.0.0.1:1', brokerId: 0 }
  await client.invoke(address, commands.unregisterBroker, { header, timeoutMs })
}

/** Each setting, with what is seen before and after it is switched to the other value. */
const proofs: Record<string, { look: Look; before: unknown; after: unknown }> = {
  orderMessageEnable: {
    look: async (running) => {
      await putOrder(running)
      return (await routeOf(running)).orderTopicConf
    },
    before: undefined,
    after: 'broker-a:4',
  },
  returnOrderTopicConfigToBroker: {
    look: async (running) => {
      await putOrder(running)
      const { body } = await register(running.client, running.address, topics)
      return body === undefined || body.length === 0 ? 0 : keyValueTableBody.decode(body).table.size
    },
    before: 1,
    after: 0,
  },
  enableAllTopicList: {
    look: async ({ client, address }) =>
      (await client.call(address, commands.getAllTopicListFromNameserver, { header: {}, timeoutMs })).code,
    before: 0,
    after: 1,
  },
  enableTopicList: {
    look: async ({ client, address }) =>
      (await client.call(address, commands.getTopicsByCluster, { header: { cluster: 'c' }, timeoutMs })).code,
    before: 0,
    after: 1,
  },
  deleteTopicWithBrokerRegistration: {
    look: async ({ client, address }) => {
      const versions = [Date.now(), Date.now() + 1]
      await register(client, address, topics, { dataVersion: { timestamp: versions[0]! } })
      await register(client, address, ['t1', 't2'], { dataVersion: { timestamp: versions[1]! } })
      const { body } = await client.invoke(address, commands.getAllTopicListFromNameserver, { header: {}, timeoutMs })
      return topicListBody.decode(body).topicList.sort()
    },
    before: topics,
    after: ['t1', 't2'],
  },
  supportActingMaster: {
    look: async (running) => {
      const broker = { header: { enableActingMaster: true } }
      await register(running.client, running.address, topics, broker)
      await register(running.client, running.address, topics, { ...broker, brokerId: 1, brokerAddr: '127.0.0.1:2' })
      await masterLeaves(running, 'broker-a')
      return [...(await routeOf(running)).brokerDatas[0]!.brokerAddrs.keys()]
    },
    before: [1],
    after: [0],
  },
  notifyMinBrokerIdChanged: { look: slaveIsTold, before: false, after: true },
}

/** Whether a slave is told that its master left; it is registered by a name of its own, and a route is asked for last. */
async function slaveIsTold(running: RunningNameServer): Promise<boolean> {
  const { client, address } = running
  const told: RemotingCommand[] = []
  const listener = await createNodePlatform().network.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection(connection) {
      const decoder = new FrameDecoder((command) => told.push(command))
      connection.onData((chunk) => decoder.push(chunk))
      connection.onClose(() => {})
    },
  })
  try {
    const brokerName = 'broker-b'
    const broker = { brokerName, header: { enableActingMaster: true } }
    await register(client, address, topics, broker)
    await register(client, address, topics, {
      ...broker,
      brokerId: 1,
      brokerAddr: `127.0.0.1:${listener.address.port}`,
    })
    await masterLeaves(running, brokerName)
    const { body } = await client.invoke(address, commands.getNamesrvConfig, { header: {}, timeoutMs })
    if (!body.toString().includes('notifyMinBrokerIdChanged=true')) return told.length > 0
    await eventually(async () => told.length > 0, 'the slave is told')
    return true
  } finally {
    await listener.close()
  }
}

describe('a change takes effect at once of', () => {
  test('exactly the settings that are declared so', () => {
    const live = Object.entries(nameServerSettings).filter(
      ([, { status, effect }]) => status === 'applied' && effect === 'live',
    )
    expect(Object.keys(proofs).sort()).toEqual(live.map(([key]) => key).sort())
  })

  for (const [key, { look, before, after }] of Object.entries(proofs)) {
    test(key, async () => {
      await using running = await startNameServer({
        enableAllTopicList: 'true',
        supportActingMaster: key === 'notifyMinBrokerIdChanged' ? 'true' : 'false',
      })
      const { client, address } = running
      await register(client, address, topics)
      expect(await look(running)).toEqual(before)
      const value = nameServerSettings[key as keyof typeof nameServerSettings].default !== true
      const body = Buffer.from(`${key}=${value}`)
      const answer = await client.call(address, commands.updateNamesrvConfig, { header: {}, body, timeoutMs })
      expect([answer.code, answer.remark ?? '']).toEqual([0, ''])
      expect(await look(running)).toEqual(after)
    })
  }
})
