import { createNodePlatform, type Listener, type ListenOptions, silentLog } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { createBroker, readBrokerSettings } from '../src/index.ts'

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
