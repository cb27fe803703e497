import { describe, expect, it } from 'vitest'
import { startJavaClient } from '../java/java-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { request } from '../targets/probe.ts'
import { lacksTools } from '../targets/tooling.ts'

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('to the official Java client a cluster', () => {
  it('loses no acknowledged message and keeps every queue in order when one of three brokers is killed and restarted', async () => {
    await withCluster({ label: 'java-three-brokers', brokers: 3 }, async (cluster) => {
      const broker = cluster.brokers[1]!
      const client = await startJavaClient(cluster)
      const checkpoints = { 'kill-broker-b': () => broker.kill(), 'restart-broker-b': () => broker.restart() }
      try {
        expect(await client.run('broker-killed', { checkpoints })).not.toBe('')
      } finally {
        await client.kill()
      }
    })
  })

  it('goes on, for old and new clients, when one of two name servers is killed, and then the other', async () => {
    const config = { registerNameServerPeriod: '10000' }
    await withCluster({ label: 'java-two-name-servers', nameServers: 2, config }, async (cluster) => {
      const [first, second] = [cluster.nameServers[0]!, cluster.nameServers[1]!]
      const restartFirst = async ({ topic }: Record<string, unknown>): Promise<void> => {
        await first.restart()
        await pollUntil(`route of ${topic} in the restarted name server`, async () => {
          const route = await request(first.address, 105, { extFields: { topic: String(topic) } })
          return route.code === 0 || { notYet: `code ${route.code}, ${route.remark}` }
        })
      }
      const client = await startJavaClient(cluster)
      try {
        const checkpoints = {
          'kill-first': () => first.kill(),
          'restart-first': restartFirst,
          'kill-second': () => second.kill(),
        }
        expect(await client.run('name-server-killed', { checkpoints })).not.toBe('')
      } finally {
        await client.kill()
      }
    })
  })
})

async function withCluster(
  options: Parameters<typeof startCluster>[0],
  use: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const cluster = await startCluster(options)
  try {
    await use(cluster)
  } finally {
    await cluster.dispose()
  }
}
