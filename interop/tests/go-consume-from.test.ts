import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GoClient, startGoClient } from '../go/go-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { lacksTools } from '../targets/tooling.ts'

/**
 * Log files of 1 MiB that expire at once. A group starts where it asks to only in queues that have lost their first
 * message: as long as it is there, the broker answers the question for the group's offset with 0.
 */
const expireAtOnce = {
  mappedFileSizeCommitLog: '1048576',
  fileReservedTime: '0',
  deleteWhen: Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0')).join(';'),
  cleanResourceInterval: '1000',
}

describe
  .skipIf(lacksTools('go'))
  .concurrent('a new group of the official Go client, in queues whose first messages have expired,', () => {
    let cluster: Cluster
    let client: GoClient
    beforeAll(async () => {
      cluster = await startCluster({ label: 'go-consume-from', config: expireAtOnce })
      client = await startGoClient(cluster)
    })
    afterAll(async () => {
      await client?.close()
      await cluster?.dispose()
    })

    const promises: Record<string, string> = {
      'from-first': 'starts with the first message that is left',
      'from-last': 'starts behind the last message',
      'from-timestamp': 'starts with the first message stored since a time',
    }
    for (const [scenario, promise] of Object.entries(promises)) {
      // The official broker begins to delete files a minute after its start.
      it(promise, async () => {
        expect(await client.run(scenario)).not.toBe('')
      })
    }
  })
