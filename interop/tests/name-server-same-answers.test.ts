import { crc32 } from 'node:zlib'
import { createNodePlatform } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  clusterInfoBody,
  commands,
  newTopicConfig,
  registerBrokerBody,
  topicListBody,
  topicRouteBody,
  withoutMappings,
} from '@rocketmq-ts/protocol'
import { RemotingClient } from '@rocketmq-ts/remoting'
import { beforeAll, describe, expect, it } from 'vitest'
import { openTarget } from '../targets/cluster.ts'
import { patienceMs } from '../targets/deadline.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateNameServerPort } from '../targets/ports.ts'
import type { TargetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const timeoutMs = patienceMs

interface Broker {
  readonly brokerName: string
  readonly brokerAddr: string
  readonly clusterName: string
  readonly brokerId: number
}

const brokers = {
  a: { brokerName: 'broker-a', brokerAddr: '[::1]:10911', clusterName: 'Six', brokerId: 0 },
  b: { brokerName: 'broker-b', brokerAddr: '2001:db8::2:10911', clusterName: 'Six', brokerId: 0 },
  c: { brokerName: 'broker-c', brokerAddr: '[fe80::1%eth0]:10911', clusterName: 'Other', brokerId: 0 },
  slave: { brokerName: 'broker-a', brokerAddr: '[::1]:10921', clusterName: 'Six', brokerId: 1 },
} satisfies Record<string, Broker>

/** Topics by their flags: 1 is a unit topic, 2 has subscriptions of units. */
const flags = { Plain: 0, Unit: 1, Subscribed: 2, Both: 3 }

/** Asks a name server, and remembers each answer without what differs from run to run. */
class Interview {
  readonly answers: Record<string, unknown> = {}
  readonly #client: RemotingClient
  readonly #address: string

  constructor(client: RemotingClient, address: string) {
    this.#client = client
    this.#address = address
  }

  async #ask(label: string, command: AnyCommand, header: object, body?: Buffer, read?: (body: Buffer) => unknown) {
    const request = { header, timeoutMs, ...(body === undefined ? {} : { body }) }
    const answer = await this.#client.call(this.#address, command, request as never)
    const content = answer.body === undefined || read === undefined ? undefined : read(answer.body)
    this.answers[label] = { code: answer.code, extFields: answer.extFields, content }
  }

  async register(label: string, broker: Broker): Promise<void> {
    const topics = Object.entries(flags).map(([name, topicSysFlag]): [string, ReturnType<typeof newTopicConfig>] => {
      const topic = name === 'Plain' ? name : `${name}-of-${broker.clusterName}`
      return [topic, newTopicConfig(topic, { readQueueNums: 2, writeQueueNums: 2, topicSysFlag })]
    })
    const dataVersion = { counter: 1, stateVersion: 0, timestamp: 1_700_000_000_000 }
    const topicConfigSerializeWrapper = withoutMappings({ dataVersion, topicConfigTable: new Map(topics) })
    const body = registerBrokerBody.encode({ filterServerList: [], topicConfigSerializeWrapper })
    const header = { ...broker, haServerAddr: '[::1]:10912', compressed: false, bodyCrc32: crc32(body) & 0x7fffffff }
    await this.#ask(label, commands.registerBroker, { ...header, enableActingMaster: false }, body)
  }

  unregister(label: string, broker: Broker): Promise<void> {
    return this.#ask(label, commands.unregisterBroker, broker)
  }

  async look(label: string): Promise<void> {
    const sorted = (body: Buffer) => topicListBody.decode(body).topicList.toSorted()
    const lists = {
      all: commands.getAllTopicListFromNameserver,
      unit: commands.getUnitTopicList,
      subscribed: commands.getHasUnitSubTopicList,
      subscribedOnly: commands.getHasUnitSubUnunitTopicList,
      system: commands.getSystemTopicListFromNs,
    }
    for (const [name, command] of Object.entries(lists))
      await this.#ask(`${label}: ${name}`, command, {}, undefined, sorted)
    const cluster = { cluster: 'Six' }
    await this.#ask(`${label}: topics of Six`, commands.getTopicsByCluster, cluster, undefined, sorted)
    await this.#ask(`${label}: cluster`, commands.getBrokerClusterInfo, {}, undefined, (body) => {
      const { brokerAddrTable, clusterAddrTable } = clusterInfoBody.decode(body)
      const names = [...clusterAddrTable].map(([name, members]) => [name, members.toSorted()]).toSorted()
      return { brokers: Object.fromEntries(brokerAddrTable), names }
    })
    for (const topic of ['Plain', 'Unit-of-Six', 'None']) {
      await this.#ask(`${label}: route of ${topic}`, commands.getRouteinfoByTopic, { topic }, undefined, (body) => {
        const { brokerDatas, queueDatas } = topicRouteBody.decode(body)
        const byName = (left: { brokerName: string }, right: { brokerName: string }) =>
          left.brokerName < right.brokerName ? -1 : 1
        return { brokerDatas: brokerDatas.toSorted(byName), queueDatas: queueDatas.toSorted(byName) }
      })
    }
  }
}

async function interview(target: TargetName): Promise<Record<string, unknown>> {
  const port = await allocateNameServerPort()
  const server = await openTarget(createWorkFolder(`name-server-${target}`), target).startNameServer({ port })
  const client = new RemotingClient(createNodePlatform())
  try {
    const talk = new Interview(client, server.address)
    await talk.look('empty')
    for (const [label, broker] of Object.entries(brokers)) await talk.register(`register ${label}`, broker)
    await talk.look('registered')
    await talk.unregister('another address', { ...brokers.b, brokerAddr: '[::1]:1' })
    await talk.unregister('another name', { ...brokers.b, brokerName: 'broker-z' })
    await talk.look('unregistered by others')
    return talk.answers
  } finally {
    await client.close()
    await server.kill()
  }
}

describe.skipIf(lacksTools('java', 'mvn'))('a name server', () => {
  let official: Record<string, unknown> = {}
  let ours: Record<string, unknown> = {}
  beforeAll(async () => {
    official = await interview('official')
    ours = await interview('ours')
  })

  it('answers as the official one about brokers with IPv6 addresses and about unit topics', () => {
    expect(ours['registered: topics of Six']).toMatchObject({
      code: 0,
      content: expect.arrayContaining(['Unit-of-Six']),
    })
    const brokerAddrs = new Map([
      [0, '[::1]:10911'],
      [1, '[::1]:10921'],
    ])
    expect(ours['registered: route of Unit-of-Six']).toMatchObject({
      content: { brokerDatas: [{ brokerAddrs }, { brokerName: 'broker-b' }] },
    })
    expect(ours).toEqual(official)
  })
})
