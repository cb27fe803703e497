import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JavaClient, startJavaClient } from '../java/java-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { startOfficialProxy } from '../targets/official-proxy.ts'
import type { ServerProcess } from '../targets/server-process.ts'
import { targetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const promises: Record<string, string> = {
  'proxy-receive': 'gives each message to one consumer, and never again once it is acknowledged',
  'proxy-invisible-time': 'gives what is not acknowledged again, later when that is asked for',
  'proxy-orderly': 'gives the messages of a message group in their order, also when one is refused at first',
  'proxy-dead-letter': 'takes a message that is refused too often as a dead letter',
  'proxy-recall': 'delivers a message at its time, and not when it was taken back',
  'proxy-transactions': 'delivers what is committed, not what is rolled back, and asks about what is left open',
  'proxy-filters': 'chooses messages by tags and by SQL92 expressions',
  'proxy-push': 'gives a push consumer each message once, from both brokers',
  'proxy-lite-subscriptions':
    'gives the messages of the lite topics that a consumer subscribes to, until it leaves them',
  'proxy-lite-offsets': 'lets a consumer begin in a lite topic where it asks to',
  'proxy-lite-exclusive': 'tells a consumer of lite topics when another one takes one over',
  'proxy-lite-shared': 'gives a message of a lite topic to one consumer of a group that shares it',
  'proxy-lite-refused': 'gives what was refused in a lite topic again, and nothing else',
  'proxy-lite-dead-letter': 'takes a message of a lite topic that is refused too often as a dead letter',
}

const config = {
  recallMessageEnable: 'true',
  enablePropertyFilter: 'true',
  transactionTimeOut: '1000',
  transactionCheckInterval: '2000',
  enableLmq: 'true',
  // Official brokers fill lite topics in RocksDB alone.
  ...(targetName() === 'official' ? { enableMultiDispatch: 'true', storeType: 'defaultRocksDB' } : {}),
}

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('to gRPC clients of the official proxy the cluster', () => {
  let cluster: Cluster
  let proxy: ServerProcess
  let client: JavaClient
  beforeAll(async () => {
    cluster = await startCluster({ label: 'official-proxy', brokers: 2, config })
    proxy = await startOfficialProxy(cluster)
    client = await startJavaClient(cluster)
  })
  afterAll(async () => {
    await client?.kill()
    await proxy?.kill()
    await cluster?.dispose()
  })

  describe.concurrent('keeps its promises:', () => {
    for (const [scenario, promise] of Object.entries(promises)) {
      it(promise, async () => {
        const parameters = { endpoints: proxy.address, target: targetName() }
        expect(await client.run(scenario, { parameters })).not.toBe('')
      })
    }
  })
})
