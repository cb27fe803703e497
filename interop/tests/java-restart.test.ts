import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JavaClient, startJavaClient } from '../java/java-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { quoteIntegerKeys } from '../targets/probe.ts'
import { lacksTools } from '../targets/tooling.ts'

/** Each queue has 20 messages; the group that was stopped has seen 15 of them, the one that runs all. */
const expectedOffsets = [20, 15]

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('to the official Java client a broker that', () => {
  let cluster: Cluster
  let client: JavaClient
  beforeAll(async () => {
    cluster = await startCluster({ label: 'java-restart', config: { flushConsumerOffsetInterval: '1000' } })
    client = await startJavaClient(cluster)
  })
  afterAll(async () => {
    await client?.kill()
    await cluster?.dispose()
  })

  it('was stopped and started again has the messages, offsets and delays it had', async () => {
    const checkpoints = { 'restart-broker': () => cluster.brokers[0]!.restart() }
    expect(await client.run('broker-restart', { checkpoints })).not.toBe('')
  })

  it('was killed has the messages, and the offsets as of its last write of them', async () => {
    const [broker] = cluster.brokers
    const storedOffsets = join(cluster.target.workFolder, 'stores', 'broker-a', 'config', 'consumerOffset.json')
    const killAndStart = async ({ groups }: Record<string, unknown>): Promise<void> => {
      // A killed broker loses what it was told since it last wrote the offsets, at most one interval.
      await pollUntil('offsets on disk', async () => {
        const table = JSON.parse(quoteIntegerKeys(readFileSync(storedOffsets, 'utf8'))).offsetTable
        const now = (groups as string[]).map((group) => Object.values(table[group] ?? {}))
        const there = now.every((offsets, index) =>
          [0, 1, 2, 3].every((queue) => offsets[queue] === expectedOffsets[index]),
        )
        return there || { notYet: JSON.stringify(now) }
      })
      await broker!.kill()
      await broker!.restart()
    }
    const second = await startJavaClient(cluster)
    try {
      const checkpoints = { 'restart-broker': killAndStart }
      expect(await second.run('broker-restart', { checkpoints })).not.toBe('')
    } finally {
      await second.kill()
    }
  })
})
