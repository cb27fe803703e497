import { createNodePlatform, silentLog } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { createBroker } from '../../src/create-broker.ts'
import { type BrokerSettings, brokerSettings, readBrokerSettings } from '../../src/settings/index.ts'

/** Settings that note which of their keys are read. */
function watched(values: BrokerSettings, read: Set<string>): BrokerSettings {
  return new Proxy(values, {
    get(target, key) {
      read.add(String(key))
      return Reflect.get(target, key)
    },
    ownKeys() {
      throw new Error('all settings are read at once: nobody can see any more which of them have an effect')
    },
  })
}

const restartKeys = Object.entries(brokerSettings)
  .filter(([, { status, effect }]) => status === 'applied' && effect !== 'live')
  .map(([key]) => key)

test('a start reads every setting that is declared to take effect then', async () => {
  using folder = temporaryFolder()
  const platform = createNodePlatform()
  const port = await freePort(platform)
  const environment = {
    ...{ hostName: 'h', localAddress: '127.0.0.1', homeFolder: folder.path, variables: {}, processors: 1 },
  }
  const properties = { listenPort: String(port), bindAddress: '127.0.0.1', traceTopicEnable: 'true' }
  const { values } = readBrokerSettings(properties, { source: 'test', environment })
  const read = new Set<string>()
  const broker = await createBroker({ settings: watched(values, read), platform, log: silentLog })
  await broker.close()
  // A request is checked against it: the tests of requests show that.
  read.add('configBlackList')
  expect(restartKeys.filter((key) => !read.has(key))).toEqual([])
})

async function freePort({ network }: ReturnType<typeof createNodePlatform>): Promise<number> {
  const probe = await network.listen({ host: '127.0.0.1', port: 0, onConnection: (peer) => peer.destroy() })
  await probe.close()
  return probe.address.port
}
