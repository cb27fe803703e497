import { join } from 'node:path'
import { createNodePlatform } from '@rocketmq-ts/platform'
import {
  commands,
  createTopicListBody,
  frameBytesMax,
  newTopicConfig,
  topicListBody,
  topicRouteBody,
} from '@rocketmq-ts/protocol'
import { RemotingClient } from '@rocketmq-ts/remoting'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { patienceMs } from '../targets/deadline.ts'
import { officialTarget } from '../targets/official.ts'
import { ourTarget } from '../targets/ours.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import { type ServerProcess, targetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const topicCount = 100_000
const topicsInOneRequest = 5_000
const topicName = (index: number) => `ManyTopics-${String(index).padStart(6, '0')}`
const timeoutMs = patienceMs

// It asks what our broker does to name servers, ours and the official one: there is nothing to ask of another broker.
describe.skipIf(targetName() !== 'ours' || lacksTools('java', 'mvn'))('a broker with 100,000 topics', () => {
  const workFolder = createWorkFolder('many-topics')
  const client = new RemotingClient(createNodePlatform())
  const servers: ServerProcess[] = []
  let ours: ServerProcess
  let official: ServerProcess
  let broker: ServerProcess

  beforeAll(async () => {
    const ourServers = ourTarget(join(workFolder, 'ours'))
    const officialServers = officialTarget(join(workFolder, 'official'))
    ours = await ourServers.startNameServer({ port: await allocateNameServerPort() })
    servers.push(ours)
    official = await officialServers.startNameServer({ port: await allocateNameServerPort() })
    servers.push(official)
    broker = await ourServers.startBroker({
      brokerName: 'broker-a',
      clusterName: 'DefaultCluster',
      listenPort: await allocateBrokerPort(),
      namesrvAddr: `${ours.address};${official.address}`,
      storeDir: join(workFolder, 'store'),
    })
    servers.push(broker)
    for (let first = 0; first < topicCount; first += topicsInOneRequest) {
      const topicConfigList = Array.from({ length: topicsInOneRequest }, (_, index) =>
        newTopicConfig(topicName(first + index), { readQueueNums: 4, writeQueueNums: 4 }),
      )
      const body = createTopicListBody.encode({ topicConfigList })
      await client.invoke(broker.address, commands.updateAndCreateTopicList, { header: {}, body, timeoutMs })
    }
  })

  afterAll(async () => {
    await client.close()
    await Promise.all(servers.map((server) => server.kill()))
  })

  async function topicsAt(nameServer: ServerProcess): Promise<Set<string>> {
    const { body } = await client.invoke(nameServer.address, commands.getAllTopicListFromNameserver, {
      header: {},
      timeoutMs,
    })
    expect(body.length).toBeLessThan(frameBytesMax)
    return new Set(topicListBody.decode(body).topicList)
  }

  async function expectAllAt(nameServer: ServerProcess): Promise<void> {
    await expect
      .poll(async () => (await topicsAt(nameServer)).size, { timeout: timeoutMs, interval: 500 })
      .toBeGreaterThanOrEqual(topicCount)
    const topics = await topicsAt(nameServer)
    for (let index = 0; index < topicCount; index++) {
      if (!topics.has(topicName(index))) throw new Error(`${topicName(index)} is not registered`)
    }
    for (const index of [0, 4_999, 5_000, 54_321, topicCount - 1]) {
      const header = { topic: topicName(index) }
      const { body } = await client.invoke(nameServer.address, commands.getRouteinfoByTopic, { header, timeoutMs })
      const { queueDatas, brokerDatas } = topicRouteBody.decode(body)
      expect(queueDatas).toMatchObject([{ brokerName: 'broker-a', readQueueNums: 4, writeQueueNums: 4, perm: 6 }])
      expect([...brokerDatas[0]!.brokerAddrs.values()]).toEqual([broker.address])
    }
  }

  test('registers all of them at our name server, which gives their routes', () => expectAllAt(ours))

  test('registers all of them at an official name server, which gives their routes', () => expectAllAt(official))

  test('tells both of one more topic before its creation is answered', async () => {
    await client.invoke(broker.address, commands.updateAndCreateTopic, {
      header: {
        topic: 'OneMore',
        defaultTopic: 'TBW102',
        readQueueNums: 2,
        writeQueueNums: 2,
        perm: 6,
        topicFilterType: 'SINGLE_TAG',
        order: false,
        force: false,
      },
      timeoutMs,
    })
    for (const nameServer of [ours, official]) {
      const header = { topic: 'OneMore' }
      const { body } = await client.invoke(nameServer.address, commands.getRouteinfoByTopic, { header, timeoutMs })
      expect(topicRouteBody.decode(body).queueDatas).toMatchObject([{ brokerName: 'broker-a', readQueueNums: 2 }])
    }
  })

  test('finds all of them again after a restart', async () => {
    await broker.stop()
    await broker.restart()
    await expectAllAt(ours)
    await expectAllAt(official)
  })
})
