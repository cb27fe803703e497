import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GoClient, startGoClient } from '../go/go-client.ts'
import { type JavaClient, startJavaClient } from '../java/java-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { lacksTools } from '../targets/tooling.ts'

/** Checks that come soon, so that a run sees several. */
const config = { transactionTimeOut: '1000', transactionCheckInterval: '2000', transactionOpBatchInterval: '500' }

describe.skipIf(lacksTools('java', 'javac', 'mvn', 'go'))('transactions of the official clients', () => {
  let cluster: Cluster
  let java: JavaClient
  let go: GoClient
  beforeAll(async () => {
    cluster = await startCluster({ label: 'transactions', config })
    java = await startJavaClient(cluster)
    go = await startGoClient(cluster)
  })
  afterAll(async () => {
    await java?.kill()
    await go?.close()
    await cluster?.dispose()
  })

  describe.concurrent('at work', () => {
    const promises: Record<string, string> = {
      'transaction-ends': 'of Java: what is committed at once or when asked is delivered once, and nothing else',
      'transaction-other-producer': 'of Java: another producer of the group is asked when the first one is gone',
    }
    for (const [scenario, promise] of Object.entries(promises)) {
      it(promise, async () => {
        expect(await java.run(scenario), cluster.logTails()).not.toBe('')
      })
    }

    it('of Go: what is committed at once or when asked is delivered once, and nothing else', async () => {
      expect(await go.run('transactions'), cluster.logTails()).not.toBe('')
    })
  })
})
