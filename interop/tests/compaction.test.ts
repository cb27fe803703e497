import { Producer, Reader } from '@rocketmq-ts/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { type JavaClient, startJavaClient } from '../java/java-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { lacksTools } from '../targets/tooling.ts'

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('a topic that is compacted', () => {
  let cluster: Cluster
  let java: JavaClient
  beforeAll(async () => {
    cluster = await startCluster({
      label: 'compaction',
      config: {
        compactionScheduleInternal: '2000',
        compactionCqMappedFileSize: '4600',
        compactionMappedFileSize: '23000',
      },
    })
    java = await startJavaClient(cluster)
  })
  afterAll(async () => {
    await java?.kill()
    await cluster?.dispose()
  })

  it('gives the official Java client the last message of each key, while it reads and afterwards', async () => {
    expect(await java.run('compaction-table')).toContain('both tables right')
  })

  it('gives our client the last message of each key, at ascending offsets', async () => {
    const client = await BrokerClient.connect(cluster.brokers[0]!.address)
    const topic = 'CompactedForReader'
    try {
      await client.calls.createTopic(topic, 1, 6, '+cleanup.policy=COMPACTION')
      const expected = new Map<string, string>()
      for (let number = 0; number < 900; number++) {
        const [key, body] = [`k${number % 17}`, `${number}`]
        await client.send({ topic, queueId: 0, body, properties: { KEYS: key } })
        expected.set(key, body)
      }
      await using producer = new Producer({ nameServers: cluster.namesrvAddr, group: 'tables' })
      await producer.send({ topic, body: '', keys: ['k3'] })
      expected.delete('k3')
      await pollUntil('a compaction', async () => {
        const { length } = await client.readQueue(topic)
        return length < 450 || { notYet: `${length} messages are left` }
      })
      const seen = new Map<string, string>()
      let last = -1
      await using reader = new Reader({ nameServers: cluster.namesrvAddr, topic, to: 'latest' })
      for await (const { keys, body, queueOffset } of reader) {
        expect(queueOffset).toBeGreaterThan(last)
        last = queueOffset
        if (body.length === 0) seen.delete(keys[0]!)
        else seen.set(keys[0]!, String(body))
      }
      expect(seen).toEqual(expected)
    } finally {
      client.close()
    }
  })
})
