import { createNodePlatform, type Listener, type ListenOptions, silentLog } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { EncodedProperties, encodeHost } from '@rocketmq-ts/protocol'
import { LostMessagesError, MessageStore } from '@rocketmq-ts/storage'
import { expect, test } from 'vitest'
import { createBroker, readBrokerSettings } from '../src/index.ts'
import { storeOptions } from '../src/store-options.ts'
import { TopicQueueTypes } from '../src/topics/index.ts'

test('a broker that takes a free port takes one whose second port is free as well', async () => {
  using folder = temporaryFolder()
  const platform = createNodePlatform()
  const { network } = platform
  const host = '127.0.0.1'
  const listen = (port: number) => network.listen({ host, port, onConnection: (peer) => peer.destroy() })
  const taken = await listen(0)
  const beside = taken.address.port + 2
  let probes = 0
  // The first port that the system gives is the one two above the taken one.
  const offering = {
    ...network,
    listen(options: ListenOptions): Promise<Listener> {
      return network.listen(options.port === 0 && ++probes === 1 ? { ...options, port: beside } : options)
    },
  }
  const environment = { hostName: 'h', localAddress: host, homeFolder: folder.path, variables: {}, processors: 1 }
  const properties = { listenPort: '0', bindAddress: host, brokerIP1: host, storePathRootDir: folder.path }
  const { values: settings } = readBrokerSettings(properties, { source: 'test', environment })
  try {
    const broker = await createBroker({ settings, platform: { ...platform, network: offering }, log: silentLog })
    try {
      expect(probes).toBe(2)
      expect(broker.address.port).not.toBe(beside)
    } finally {
      await broker.close()
    }
  } finally {
    await taken.close()
  }
})

test('a broker whose log is gone is not started empty, unless it is told that messages are lost', async () => {
  using folder = temporaryFolder()
  const platform = createNodePlatform()
  const host = '127.0.0.1'
  const environment = { hostName: 'h', localAddress: host, homeFolder: folder.path, variables: {}, processors: 1 }
  const properties = { listenPort: '0', bindAddress: host, brokerIP1: host, storePathRootDir: folder.path }
  const { values: settings } = readBrokerSettings(properties, { source: 'test', environment })
  const store = MessageStore.open(
    storeOptions(
      settings,
      () => settings,
      () => [],
      new TopicQueueTypes(platform.fileSystem, settings.storePathRootDir),
      platform,
      silentLog,
      process.pid,
    ),
  )
  const bornHost = encodeHost(host, 1)
  const fixed = { flag: 0, sysFlag: 0, bornTimestamp: 1, reconsumeTimes: 0, preparedTransactionOffset: 0 }
  const [body, sent] = [Buffer.from('hello'), EncodedProperties.ofText('')]
  const message = { ...fixed, topic: 'T', queueId: 0, bornHost, storeHost: bornHost, body, properties: sent }
  const outcome = await new Promise<{ kind: string }>((resolve) => store.put([message], resolve))
  expect(outcome.kind).toBe('stored')
  store.close()
  platform.fileSystem.removeFolder(settings.storePathCommitLog)
  const parts = { settings, platform, log: silentLog }
  for (let start = 0; start < 2; start++) await expect(createBroker(parts)).rejects.toThrow(LostMessagesError)
  const broker = await createBroker({ ...parts, acceptLostMessages: true })
  await broker.close()
  const again = await createBroker(parts)
  await again.close()
})
