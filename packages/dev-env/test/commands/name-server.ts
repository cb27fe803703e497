import { crc32 } from 'node:zlib'
import {
  type AnyCommand,
  brokerMemberGroupBody,
  commands,
  dataVersionBody,
  keyValueTableBody,
  newTopicConfig,
  parseJavaProperties,
  registerBrokerBody,
  topicListBody,
  topicRouteBody,
  withoutMappings,
} from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import type { ClusterClient } from '../../src/index.ts'
import { codeOf, type Promises, type Proof, type ProofIn, type Scene } from './scene.ts'

/** Flags of a topic. */
const unit = 1
const unitSubscription = 2

const other = { clusterName: 'Other', brokerName: 'broker-x', brokerAddr: '192.0.2.1:10911', brokerId: 0 }
const version = (counter: number) => ({ counter, stateVersion: 0, timestamp: 1_700_000_000_000 })

interface Registering {
  readonly broker?: Partial<typeof other>
  /** Their flags by their names. */
  readonly topics?: Readonly<Record<string, number>>
  readonly counter?: number
  readonly heartbeatTimeoutMillis?: number
}

/** Registers a broker that is none of the cluster's, by a client of its own. */
async function register(scene: Scene, registering: Registering = {}, client: ClusterClient = scene.newClient()) {
  const { broker = {}, topics = { X: 0, Y: 0 }, counter = 1, ...rest } = registering
  const queues = { readQueueNums: 2, writeQueueNums: 1 }
  const topicConfigTable = new Map(
    Object.entries(topics).map(([topic, topicSysFlag]) => [topic, newTopicConfig(topic, { ...queues, topicSysFlag })]),
  )
  const topicConfigSerializeWrapper = withoutMappings({ dataVersion: version(counter), topicConfigTable })
  const body = registerBrokerBody.encode({ filterServerList: [], topicConfigSerializeWrapper })
  const whole = { ...other, ...broker }
  const header = { ...whole, ...rest, haServerAddr: `ha of ${whole.brokerAddr}`, compressed: false }
  const nameServer = client.nameServer(scene.cluster.nameServers[0]!)
  const bodyCrc32 = crc32(body) & 0x7fffffff
  return { nameServer, answer: await nameServer.ask(commands.registerBroker, { ...header, bodyCrc32 }, body) }
}

async function listed<C extends AnyCommand>({ nameServer }: Scene, command: C): Promise<string[]> {
  return topicListBody.decode((await nameServer.ask(command as AnyCommand, {})).body).topicList.sort()
}

async function brokersIn({ nameServer }: Scene): Promise<string[]> {
  return [...(await nameServer.clusterInfo()).brokerAddrTable.keys()].sort()
}

async function permOf({ nameServer }: Scene, topic: string): Promise<number[] | undefined> {
  return (await nameServer.route(topic))?.queueDatas.map(({ perm }) => perm)
}

const withNameServerSettings = (nameServerSettings: Record<string, string>, proof: Proof): ProofIn => ({
  options: { nameServerSettings },
  proof,
})

const change = ({ nameServer }: Scene, text: string) =>
  codeOf(nameServer, commands.updateNamesrvConfig, {}, Buffer.from(text))

async function settingsOf({ nameServer }: Scene): Promise<Record<string, string>> {
  const { body } = await nameServer.ask(commands.getNamesrvConfig, {})
  return Object.fromEntries(parseJavaProperties(body.toString('utf8')))
}

const put = ({ nameServer }: Scene, namespace: string, key: string, value: string) =>
  nameServer.ask(commands.putKvConfig, { namespace, key, value })

async function kvValue({ nameServer }: Scene, namespace: string, key: string): Promise<string | undefined> {
  return (await nameServer.call(commands.getKvConfig, { namespace, key })).extFields?.value
}

/** Kills the name server and starts it. */
async function nameServerAgain(scene: Scene): Promise<Scene['nameServer']> {
  const machine = scene.cluster.nameServers[0]!
  await machine.restart()
  return scene.newClient().nameServer(machine)
}

/** @param command that `enableTopicList` switches off */
const isRefusedWhereOff = (command: AnyCommand): ProofIn =>
  withNameServerSettings({ enableTopicList: 'false' }, async ({ nameServer }) => {
    expect(await codeOf(nameServer, command, {})).toBe('SYSTEM_ERROR')
  })

const unitTopics = { Plain: 0, Unit: unit, Subscribed: unitSubscription, Both: unit | unitSubscription }

export const nameServer = {
  getRouteinfoByTopic: {
    'the queues of a topic are told, and the brokers that have them': async (scene) => {
      await scene.broker.createTopic('T', 3)
      const { body } = await scene.nameServer.ask(commands.getRouteinfoByTopic, { topic: 'T' })
      const { queueDatas, brokerDatas } = topicRouteBody.decode(body)
      const queues = { readQueueNums: 3, writeQueueNums: 3, perm: 6, topicSysFlag: 0 }
      expect(queueDatas).toEqual([{ brokerName: 'broker-1', ...queues }])
      expect(brokerDatas).toMatchObject([
        { cluster: 'DefaultCluster', brokerName: 'broker-1', brokerAddrs: new Map([[0, scene.machine.address]]) },
      ])
    },
    'a topic that no broker has is refused': async ({ nameServer }) => {
      expect(await codeOf(nameServer, commands.getRouteinfoByTopic, { topic: 'None' })).toBe('TOPIC_NOT_EXIST')
    },
    'nothing is served before brokers had time to register': withNameServerSettings(
      { needWaitForService: 'true', waitSecondsForService: '45' },
      async (scene) => {
        const asked = () => codeOf(scene.nameServer, commands.getRouteinfoByTopic, { topic: 'TBW102' })
        expect(await asked()).toBe('SYSTEM_ERROR')
        await scene.cluster.sleep(45_000)
        expect(await asked()).toBe('SUCCESS')
      },
    ),
  },
  getBrokerClusterInfo: {
    'all brokers are told, by name and by cluster': async (scene) => {
      await register(scene)
      await scene.nameServer.ask(commands.getBrokerClusterInfo, {})
      const { brokerAddrTable, clusterAddrTable } = await scene.nameServer.clusterInfo()
      expect(clusterAddrTable).toEqual(
        new Map([
          ['DefaultCluster', ['broker-1']],
          ['Other', ['broker-x']],
        ]),
      )
      expect(brokerAddrTable.get('broker-x')).toMatchObject({
        cluster: 'Other',
        brokerAddrs: new Map([[0, other.brokerAddr]]),
      })
    },
  },
  registerBroker: {
    'a broker and its topics are in the routes, and a changed topic with the next version': async (scene) => {
      const { nameServer } = await register(scene)
      const queues = { readQueueNums: 2, writeQueueNums: 1, perm: 6, topicSysFlag: 0 }
      expect((await scene.nameServer.route('X'))!.queueDatas).toEqual([{ brokerName: 'broker-x', ...queues }])
      await register(scene, { topics: { X: unit, Y: 0 }, counter: 2 }, nameServer.client as ClusterClient)
      expect((await scene.nameServer.route('X'))!.queueDatas).toMatchObject([{ topicSysFlag: unit }])
    },
    'a slave is told its master, and a master the ordered topics': async (scene) => {
      await put(scene, 'ORDER_TOPIC_CONFIG', 'X', 'broker-x:2')
      const master = await register(scene)
      expect(keyValueTableBody.decode(master.answer.body).table).toEqual(new Map([['X', 'broker-x:2']]))
      const slave = await register(scene, { broker: { brokerId: 1, brokerAddr: '192.0.2.2:10911' } })
      expect(slave.answer.header).toEqual({
        masterAddr: other.brokerAddr,
        haServerAddr: `ha of ${other.brokerAddr}`,
      })
    },
    'a body that is not the one that was sent is refused': async (scene) => {
      const header = { ...other, haServerAddr: 'h', bodyCrc32: 7 }
      const code = await codeOf(scene.nameServer, commands.registerBroker, header, Buffer.from('{}'))
      expect([code, await brokersIn(scene)]).toEqual(['SYSTEM_ERROR', ['broker-1']])
    },
    'a broker that is silent for as long as it said is gone': async (scene) => {
      await register(scene, { heartbeatTimeoutMillis: 20_000 })
      await scene.cluster.sleep(19_000)
      expect(await brokersIn(scene)).toContain('broker-x')
      await scene.cluster.sleep(7000)
      expect(await brokersIn(scene)).toEqual(['broker-1'])
    },
  },
  unregisterBroker: {
    'a broker and what only it has are gone at once': async (scene) => {
      const { nameServer } = await register(scene)
      await nameServer.ask(commands.unregisterBroker, other)
      expect(await brokersIn(scene)).toEqual(['broker-1'])
      expect(await scene.nameServer.route('X')).toBeUndefined()
    },
    'one with another id or address takes no broker away': async (scene) => {
      const { nameServer } = await register(scene)
      await nameServer.ask(commands.unregisterBroker, { ...other, brokerId: 1 })
      await nameServer.ask(commands.unregisterBroker, { ...other, brokerAddr: '192.0.2.9:10911' })
      expect(await brokersIn(scene)).toEqual(['broker-1', 'broker-x'])
    },
  },
  queryDataVersion: {
    'a broker is told whether its topics are known as they are, and the version that is known': async (scene) => {
      const { nameServer } = await register(scene, { counter: 7 })
      const asked = async (counter: number, broker: Partial<typeof other> = {}) => {
        const encoded = dataVersionBody.encode(version(counter))
        const { header, body } = await nameServer.ask(commands.queryDataVersion, { ...other, ...broker }, encoded)
        return [header.changed, body.length === 0 ? undefined : dataVersionBody.decode(body)]
      }
      expect(await asked(7)).toEqual([false, version(7)])
      expect(await asked(8)).toEqual([true, version(7)])
      expect(await asked(7, { brokerAddr: '192.0.2.9:10911' })).toEqual([true, undefined])
    },
  },
  brokerHeartbeat: {
    'a broker that gives signs of life stays, and one that is not known is none': async (scene) => {
      const { nameServer } = await register(scene, { heartbeatTimeoutMillis: 20_000 })
      const { brokerId: _, ...names } = other
      for (let count = 0; count < 4; count++) {
        await scene.cluster.sleep(15_000)
        await nameServer.ask(commands.brokerHeartbeat, names)
        await nameServer.ask(commands.brokerHeartbeat, { ...names, brokerName: 'nobody' })
      }
      expect(await brokersIn(scene)).toEqual(['broker-1', 'broker-x'])
    },
  },
  getBrokerMemberGroup: {
    'the living brokers of a name are told, and none of an unknown one': async (scene) => {
      await register(scene)
      await register(scene, { broker: { brokerId: 1, brokerAddr: '192.0.2.2:10911' } })
      const told = async (brokerName: string) => {
        const header = { clusterName: 'Other', brokerName }
        const { body } = await scene.nameServer.ask(commands.getBrokerMemberGroup, header)
        return brokerMemberGroupBody.decode(body).brokerMemberGroup
      }
      const brokerAddrs = new Map([
        [0, other.brokerAddr],
        [1, '192.0.2.2:10911'],
      ])
      expect(await told('broker-x')).toEqual({ cluster: 'Other', brokerName: 'broker-x', brokerAddrs })
      expect((await told('nobody'))?.brokerAddrs.size ?? 0).toBe(0)
    },
  },
  registerTopicInNamesrv: {
    'a topic is in the routes of the brokers that live': async (scene) => {
      const queues = { readQueueNums: 2, writeQueueNums: 2, perm: 4, topicSysFlag: 0 }
      const queueDatas = ['broker-1', 'nobody'].map((brokerName) => ({ brokerName, ...queues }))
      const body = topicRouteBody.encode({ queueDatas, brokerDatas: [], filterServerTable: new Map() })
      await scene.nameServer.ask(commands.registerTopicInNamesrv, { topic: 'T' }, body)
      expect((await scene.nameServer.route('T'))!.queueDatas).toEqual([{ brokerName: 'broker-1', ...queues }])
    },
  },
  deleteTopicInNamesrv: {
    'a topic is gone from the routes, in one cluster or everywhere': async (scene) => {
      const { nameServer } = scene
      await scene.broker.createTopic('X', 1)
      await register(scene)
      const brokers = async () => (await nameServer.route('X'))?.queueDatas.map(({ brokerName }) => brokerName).sort()
      await nameServer.ask(commands.deleteTopicInNamesrv, { topic: 'X', clusterName: 'Elsewhere' })
      expect(await brokers()).toEqual(['broker-1', 'broker-x'])
      await nameServer.ask(commands.deleteTopicInNamesrv, { topic: 'X', clusterName: 'Other' })
      expect(await brokers()).toEqual(['broker-1'])
      await nameServer.ask(commands.deleteTopicInNamesrv, { topic: 'X' })
      expect(await brokers()).toBeUndefined()
      expect(await codeOf(nameServer, commands.deleteTopicInNamesrv, { topic: 'None' })).toBe('SUCCESS')
    },
  },
  getAllTopicListFromNameserver: {
    'the topics of all brokers are told, each once': async (scene) => {
      await scene.broker.createTopic('X', 1)
      await register(scene)
      const all = await listed(scene, commands.getAllTopicListFromNameserver)
      const own = [...(await scene.broker.topics()).topicConfigTable.keys()]
      expect(all).toEqual([...new Set([...own, 'X', 'Y'])].sort())
    },
    'it is refused where it is off': withNameServerSettings({ enableAllTopicList: 'false' }, async ({ nameServer }) => {
      expect(await codeOf(nameServer, commands.getAllTopicListFromNameserver, {})).toBe('SYSTEM_ERROR')
    }),
  },
  getTopicsByCluster: {
    'the topics of a cluster are told, and none of an unknown one': async (scene) => {
      await register(scene)
      const told = async (cluster: string) => {
        const { body } = await scene.nameServer.ask(commands.getTopicsByCluster, { cluster })
        return topicListBody.decode(body).topicList.sort()
      }
      expect(await told('Other')).toEqual(['X', 'Y'])
      expect(await told('DefaultCluster')).toContain('TBW102')
      expect(await told('None')).toEqual([])
    },
    'it is refused where it is off': withNameServerSettings({ enableTopicList: 'false' }, async ({ nameServer }) => {
      expect(await codeOf(nameServer, commands.getTopicsByCluster, { cluster: 'Other' })).toBe('SYSTEM_ERROR')
    }),
  },
  getSystemTopicListFromNs: {
    'the names of clusters and brokers are told': async (scene) => {
      await register(scene)
      const names = await listed(scene, commands.getSystemTopicListFromNs)
      expect(names).toEqual(['DefaultCluster', 'Other', 'broker-1', 'broker-x'])
    },
  },
  getUnitTopicList: {
    'topics of units are told': async (scene) => {
      await register(scene, { topics: unitTopics })
      expect(await listed(scene, commands.getUnitTopicList)).toEqual(['Both', 'Unit'])
    },
    'it is refused where it is off': isRefusedWhereOff(commands.getUnitTopicList),
  },
  getHasUnitSubTopicList: {
    'topics that units subscribe to are told': async (scene) => {
      await register(scene, { topics: unitTopics })
      expect(await listed(scene, commands.getHasUnitSubTopicList)).toEqual(['Both', 'Subscribed'])
    },
    'it is refused where it is off': isRefusedWhereOff(commands.getHasUnitSubTopicList),
  },
  getHasUnitSubUnunitTopicList: {
    'topics that units subscribe to and that are of no unit are told': async (scene) => {
      await register(scene, { topics: unitTopics })
      expect(await listed(scene, commands.getHasUnitSubUnunitTopicList)).toEqual(['Subscribed'])
    },
    'it is refused where it is off': isRefusedWhereOff(commands.getHasUnitSubUnunitTopicList),
  },
  wipeWritePermOfBroker: {
    'producers find no queue of the broker any more, and consumers do': async (scene) => {
      await register(scene)
      const { header } = await scene.nameServer.ask(commands.wipeWritePermOfBroker, { brokerName: 'broker-x' })
      expect([header.wipeTopicCount, await permOf(scene, 'X'), await permOf(scene, 'TBW102')]).toEqual([2, [4], [7]])
    },
    'of an unknown broker no topics are changed': async ({ nameServer }) => {
      const { header } = await nameServer.ask(commands.wipeWritePermOfBroker, { brokerName: 'nobody' })
      expect(header).toEqual({ wipeTopicCount: 0 })
    },
  },
  addWritePermOfBroker: {
    'producers find the queues of the broker again': async (scene) => {
      await register(scene)
      await scene.nameServer.ask(commands.wipeWritePermOfBroker, { brokerName: 'broker-x' })
      const { header } = await scene.nameServer.ask(commands.addWritePermOfBroker, { brokerName: 'broker-x' })
      expect([header.addTopicCount, await permOf(scene, 'X'), await permOf(scene, 'Y')]).toEqual([2, [6], [6]])
    },
  },
  putKvConfig: {
    'an entry is there after the name server was killed': async (scene) => {
      await put(scene, 'n', 'k', '1')
      await put(scene, 'n', 'k', '2')
      const again = await nameServerAgain(scene)
      expect((await again.ask(commands.getKvConfig, { namespace: 'n', key: 'k' })).header).toEqual({ value: '2' })
    },
    'the order of a topic is in its route where that is on': withNameServerSettings(
      { orderMessageEnable: 'true' },
      async (scene) => {
        await scene.broker.createTopic('T', 4)
        await put(scene, 'ORDER_TOPIC_CONFIG', 'T', 'broker-1:4')
        expect((await scene.nameServer.route('T'))!.orderTopicConf).toBe('broker-1:4')
      },
    ),
  },
  getKvConfig: {
    'the value of an entry is told': async (scene) => {
      await put(scene, 'n', 'k', 'value')
      expect(await kvValue(scene, 'n', 'k')).toBe('value')
    },
    'an entry that is not there is refused': async (scene) => {
      await put(scene, 'n', 'k', 'value')
      const code = (namespace: string, key: string) =>
        codeOf(scene.nameServer, commands.getKvConfig, { namespace, key })
      expect([await code('n', 'none'), await code('none', 'k')]).toEqual(['QUERY_NOT_FOUND', 'QUERY_NOT_FOUND'])
    },
  },
  deleteKvConfig: {
    'an entry is gone, also after the name server was killed, and the others stay': async (scene) => {
      await put(scene, 'n', 'k', '1')
      await put(scene, 'n', 'l', '2')
      await scene.nameServer.ask(commands.deleteKvConfig, { namespace: 'n', key: 'k' })
      const again = await nameServerAgain(scene)
      const { body } = await again.ask(commands.getKvlistByNamespace, { namespace: 'n' })
      expect(keyValueTableBody.decode(body).table).toEqual(new Map([['l', '2']]))
    },
    'an entry that is not there can be deleted': async ({ nameServer }) => {
      const header = { namespace: 'none', key: 'none' }
      expect(await codeOf(nameServer, commands.deleteKvConfig, header)).toBe('SUCCESS')
    },
  },
  getKvlistByNamespace: {
    'all entries of a namespace are told, and of no other': async (scene) => {
      await put(scene, 'n', 'k', '1')
      await put(scene, 'n', 'l', '2')
      await put(scene, 'm', 'k', '3')
      const { body } = await scene.nameServer.ask(commands.getKvlistByNamespace, { namespace: 'n' })
      expect(keyValueTableBody.decode(body).table).toEqual(
        new Map([
          ['k', '1'],
          ['l', '2'],
        ]),
      )
      const header = { namespace: 'none' }
      expect(await codeOf(scene.nameServer, commands.getKvlistByNamespace, header)).toBe('QUERY_NOT_FOUND')
    },
  },
  getNamesrvConfig: {
    'all settings are told as they are now': async (scene) => {
      const before = await settingsOf(scene)
      expect(before).toMatchObject({ listenPort: '9876', enableTopicList: 'true', scanNotActiveBrokerInterval: '5000' })
      await change(scene, 'enableTopicList=false\n')
      expect(await settingsOf(scene)).toEqual({ ...before, enableTopicList: 'false' })
    },
  },
  updateNamesrvConfig: {
    'a change is in force at once': async (scene) => {
      expect(await change(scene, 'enableAllTopicList=false\n')).toBe('SUCCESS')
      expect(await codeOf(scene.nameServer, commands.getAllTopicListFromNameserver, {})).toBe('SYSTEM_ERROR')
    },
    'unknown settings, wrong values and those of the black list are refused, with all that came with them': async (
      scene,
    ) => {
      for (const line of ['noSuchSetting=1', 'orderMessageEnable=perhaps']) {
        expect(await change(scene, `enableTopicList=false\n${line}\n`)).toBe('INVALID_PARAMETER')
      }
      expect(await change(scene, 'enableTopicList=false\nkvConfigPath=/x\n')).toBe('NO_PERMISSION')
      expect((await settingsOf(scene)).enableTopicList).toBe('true')
    },
  },
} satisfies Promises
