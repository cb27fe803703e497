import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JavaClient, startJavaClient } from '../java/java-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { lacksTools } from '../targets/tooling.ts'

const promises: Record<string, string> = {
  'send-sync': 'stores each message that was sent',
  'send-batch': 'stores a batch',
  'push-concurrent': 'gives a concurrent consumer each message once',
  'push-tags': 'gives consumers the messages of their tags',
  'lite-pull-assign': 'lets a lite pull consumer seek and commit',
  'query-by-id': 'finds messages by their ids',
}

describe.skipIf(lacksTools('java', 'javac', 'mvn'))(
  'to an official Java client that writes binary headers the broker',
  () => {
    let cluster: Cluster
    let client: JavaClient
    beforeAll(async () => {
      cluster = await startCluster({ label: 'java-binary-header' })
      client = await startJavaClient(cluster, { 'rocketmq.serialize.type': 'ROCKETMQ' })
    })
    afterAll(async () => {
      await client?.kill()
      await cluster?.dispose()
    })

    for (const [scenario, promise] of Object.entries(promises)) {
      it.concurrent(promise, async () => {
        expect(await client.run(scenario)).not.toBe('')
      })
    }
  },
)
