import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GoClient, startGoClient } from '../go/go-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { lacksTools } from '../targets/tooling.ts'

describe.skipIf(lacksTools('go'))('the official Go client', () => {
  let cluster: Cluster
  let client: GoClient
  beforeAll(async () => {
    cluster = await startCluster({ label: 'go-client', config: { enablePropertyFilter: 'true' } })
    client = await startGoClient(cluster)
  })
  afterAll(async () => {
    await client?.close()
    await cluster?.dispose()
  })

  describe.concurrent('at work', () => {
    const promises: Record<string, string> = {
      'send-sync': 'sends, and a push consumer gets every message as it was sent, from where the broker said it put it',
      'send-async': 'sends without waiting, and every acknowledged message arrives once',
      'send-one-way': 'sends without acknowledgement, and every message arrives once',
      'send-batch': 'sends a batch, whose messages take consecutive places in one queue',
      'send-compressed': 'sends bodies from 4 KiB on compressed and gets them back whole',
      orderly: 'consumes each queue in order, and gets a refused message again before any later one',
      broadcast: 'gives every message to every member of a broadcast group',
      'tag-filter': 'gets the messages of the tags it asked for and no others, equal hash codes included',
      'sql-filter': 'gets the messages whose properties an SQL92 expression asks for, and no others',
      'retry-then-success': 'gets a refused message again, alone, after its delay and with its origin',
      'dead-letter': 'finds a message that was refused too often among the dead letters',
      'delay-levels': 'gets delayed messages in the order of their delays and none too early',
      'timer-delays': 'gets messages at the times that their producers name, and none too early',
      'pull-offsets': 'pulls by offsets, learns where a queue ends, and goes on from a stored offset',
      'pull-poll': 'polls, and what was not acknowledged comes to the next member',
      rebalance: 'shares the queues anew when members join and leave, and misses no message',
      'client-restart': 'goes on where its group stopped',
      'from-first-young-queue': 'starts a new group with the first message when asked to start there',
      'from-last-young-queue':
        'starts a new group of a young queue with the first message when asked to start behind the last',
      'from-timestamp-young-queue':
        'starts a new group of a young queue with the first message when asked to start at a time',
      'admin-topics': 'creates, lists and deletes topics; one of the same name starts anew',
    }
    for (const [scenario, promise] of Object.entries(promises)) {
      it(promise, async () => {
        expect(await client.run(scenario)).not.toBe('')
      })
    }
  })

  it('finds messages, topics and offsets again after a restart of the broker', async () => {
    const checkpoints = {
      'restart-broker': () => cluster.brokers[0]?.restart() ?? Promise.reject(new Error('no broker')),
    }
    expect(await client.run('broker-restart', { checkpoints })).not.toBe('')
  })
})
