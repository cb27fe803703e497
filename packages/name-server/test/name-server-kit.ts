import { crc32 } from 'node:zlib'
import { createNodePlatform, type Log, type Platform, silentLog } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import {
  commands,
  type DataVersion,
  encodeCompressedRegisterBroker,
  newTopicConfig,
  type RegisterBroker,
  type RemotingCommand,
  type RequestOf,
  registerBrokerBody,
  type TopicConfig,
  withoutMappings,
} from '@rocketmq-ts/protocol'
import { RemotingClient } from '@rocketmq-ts/remoting'
import { createNameServer, type NameServer, readNameServerSettings } from '../src/index.ts'

export const timeoutMs = 60_000

/** A running name server on a free port of loopback, with a client and a folder of its own. */
export interface RunningNameServer extends AsyncDisposable {
  readonly server: NameServer
  readonly address: string
  readonly client: RemotingClient
  readonly folder: string
  /** A further client: a connection of its own. */
  connect(): RemotingClient
}

export async function startNameServer(
  properties: Record<string, string> = {},
  platform: Platform = createNodePlatform(),
  log: Log = silentLog,
  decidedKeys: ReadonlyMap<string, string> = new Map(),
): Promise<RunningNameServer> {
  const folder = temporaryFolder()
  const settings = readNameServerSettings(
    {
      listenPort: '0',
      bindAddress: '127.0.0.1',
      kvConfigPath: `${folder.path}/kvConfig.json`,
      configStorePath: `${folder.path}/namesrv.properties`,
      ...properties,
    },
    {
      source: 'test',
      environment: { hostName: 'h', localAddress: '127.0.0.1', homeFolder: folder.path, variables: {}, processors: 1 },
    },
  ).values
  const server = await createNameServer({ settings, decidedKeys, platform, log })
  const clients: RemotingClient[] = []
  const connect = (): RemotingClient => {
    const client = new RemotingClient(createNodePlatform())
    clients.push(client)
    return client
  }
  return {
    server,
    address: `${server.address.host}:${server.address.port}`,
    client: connect(),
    folder: folder.path,
    connect,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close()
      await server.close()
      folder[Symbol.dispose]()
    },
  }
}

export interface BrokerToRegister {
  brokerName?: string
  brokerId?: number
  brokerAddr?: string
  clusterName?: string
  dataVersion?: Partial<DataVersion>
  form?: 'plain' | 'compressed'
  topic?: Partial<TopicConfig>
  header?: Partial<RequestOf<typeof commands.registerBroker>>
}

export function registerBody(topics: readonly string[], broker: BrokerToRegister = {}): RegisterBroker {
  const dataVersion = { counter: 1, stateVersion: 0, timestamp: 1_700_000_000_000, ...broker.dataVersion }
  const layout = { readQueueNums: 4, writeQueueNums: 4, ...broker.topic }
  const topicConfigTable = new Map(topics.map((topic) => [topic, newTopicConfig(topic, layout)]))
  return { filterServerList: [], topicConfigSerializeWrapper: withoutMappings({ dataVersion, topicConfigTable }) }
}

export function register(
  client: RemotingClient,
  address: string,
  topics: readonly string[],
  broker: BrokerToRegister = {},
): Promise<RemotingCommand> {
  const { brokerName = 'broker-a', brokerId = 0, brokerAddr = '127.0.0.1:1', clusterName = 'c', form } = broker
  const wrapper = registerBody(topics, broker)
  const body = form === 'compressed' ? encodeCompressedRegisterBroker(wrapper) : registerBrokerBody.encode(wrapper)
  const header = {
    ...{ brokerName, brokerId, brokerAddr, clusterName, haServerAddr: `ha-of-${brokerAddr}` },
    enableActingMaster: false,
    compressed: form === 'compressed',
    bodyCrc32: crc32(body) & 0x7fffffff,
    ...broker.header,
  }
  return client.call(address, commands.registerBroker, { header, body, timeoutMs })
}

/** Polls until a condition holds. */
export async function eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
