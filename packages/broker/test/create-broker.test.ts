import { createNodePlatform, type FileSystem, type Network, type Platform, silentLog } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { EncodedProperties, encodeHost } from '@rocketmq-ts/protocol'
import { LostMessagesError, MessageStore } from '@rocketmq-ts/storage'
import { describe, expect, test } from 'vitest'
import { type Broker, createBroker, readBrokerSettings } from '../src/index.ts'
import { storeOptions } from '../src/store-options.ts'
import { TopicQueueTypes } from '../src/topics/index.ts'

describe('a broker that takes a free port', () => {
  const host = '127.0.0.1'

  async function startAt(platform: Platform, network: Network, storePathRootDir: string): Promise<Broker> {
    const environment = {
      hostName: 'h',
      localAddress: host,
      homeFolder: storePathRootDir,
      variables: {},
      processors: 1,
    }
    const properties = { listenPort: '0', bindAddress: host, brokerIP1: host, storePathRootDir }
    const { values: settings } = readBrokerSettings(properties, { source: 'test', environment })
    return await createBroker({ settings, platform: { ...platform, network }, log: silentLog })
  }

  test('takes one whose second port is free as well', async () => {
    using folder = temporaryFolder()
    const platform = createNodePlatform()
    const { network } = platform
    const taken = await network.listen({ host, port: 0, onConnection: (peer) => peer.destroy() })
    const beside = { host, port: taken.address.port + 2 }
    let isFirst = true
    // The first port that the system gives is the one two above the taken one.
    const offering: Network = {
      ...network,
      listen(options) {
        if (options.port !== 0 || !isFirst) return network.listen(options)
        isFirst = false
        return Promise.resolve({ address: beside, close: async () => {} })
      },
    }
    try {
      const broker = await startAt(platform, offering, folder.path)
      expect(broker.address.port).not.toBe(beside.port)
      await broker.close()
    } finally {
      await taken.close()
    }
  })

  test('holds both while it opens its store', async () => {
    using folder = temporaryFolder()
    const platform = createNodePlatform()
    const { network, fileSystem } = platform
    const held = new Set<number>()
    const heldWhileOpened: number[] = []
    const observed: Network = {
      ...network,
      async listen(options) {
        const listener = await network.listen(options)
        const { port } = listener.address
        held.add(port)
        const close = (): Promise<void> => {
          held.delete(port)
          return listener.close()
        }
        return { address: listener.address, close }
      },
    }
    const watched: FileSystem = {
      ...fileSystem,
      open(...args) {
        heldWhileOpened.push(held.size)
        return fileSystem.open(...args)
      },
    }
    const broker = await startAt({ ...platform, fileSystem: watched }, observed, folder.path)
    expect(heldWhileOpened[0]).toBe(2)
    expect(held).toEqual(new Set([broker.address.port, broker.address.port - 2]))
    await broker.close()
    expect(held).toEqual(new Set())
  })
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
