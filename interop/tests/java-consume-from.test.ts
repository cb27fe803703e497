import { describe, expect, it } from 'vitest'
import { startJavaClient } from '../java/java-client.ts'
import { startCluster } from '../targets/cluster.ts'
import { lacksTools } from '../targets/tooling.ts'

/** Log files of 1 MiB whose messages expire at once: only a queue that has lost its first message tells groups apart. */
const expireAtOnce = {
  mappedFileSizeCommitLog: '1048576',
  fileReservedTime: '0',
  deleteWhen: Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0')).join(';'),
  cleanResourceInterval: '1000',
}

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('to the official Java client the broker', () => {
  // The official broker begins to delete files a minute after its start.
  it('starts new groups at the first message, at a time, or behind the last message', async () => {
    const cluster = await startCluster({ label: 'java-consume-from', config: expireAtOnce })
    try {
      const client = await startJavaClient(cluster)
      try {
        expect(await client.run('consume-from-expired')).not.toBe('')
      } finally {
        await client.kill()
      }
    } finally {
      await cluster.dispose()
    }
  })
})
