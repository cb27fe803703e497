import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { openTarget } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import type { ServerProcess, TargetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const journeys: { makers: TargetName[]; ending: 'stop' | 'kill'; ended: string }[] = [
  { makers: ['official', 'ours', 'official', 'ours'], ending: 'stop', ended: 'stopped' },
  { makers: ['ours', 'official', 'ours', 'official'], ending: 'kill', ended: 'killed' },
]
const topic = 'Table'
const queueCount = 2
const keyCount = 13
const eachStay = 700

/** Small files, so that the official broker compacts all but the last of several. */
const config = {
  compactionScheduleInternal: '2000',
  compactionCqMappedFileSize: '4600',
  compactionMappedFileSize: '23000',
}

describe.skipIf(lacksTools('java', 'mvn'))('a store with a compaction topic', () => {
  it.each(journeys)(
    'goes from $makers, $ended: each finds the last message of each key at its offset, and compacts on',
    async ({ makers, ending }) => {
      const folder = createWorkFolder(`compaction-${ending}`)
      const started: ServerProcess[] = []
      /** By queue and offset. */
      const bodies = new Map<string, string>()
      /** By queue and key. */
      const last = new Map<string, { queueOffset: number; body: string }>()
      try {
        const nameServer = await openTarget(join(folder, 'name-server'), 'ours').startNameServer({
          port: await allocateNameServerPort(),
        })
        started.push(nameServer)
        const listenPort = await allocateBrokerPort()
        for (const [stay, maker] of makers.entries()) {
          const broker = await openTarget(join(folder, `${stay}-${maker}`), maker).startBroker({
            brokerName: 'broker-a',
            clusterName: 'DefaultCluster',
            listenPort,
            namesrvAddr: nameServer.address,
            storeDir: join(folder, 'store'),
            config,
          })
          started.push(broker)
          const client = await BrokerClient.connect(broker.address)
          if (stay === 0) await client.calls.createTopic(topic, queueCount, 6, '+cleanup.policy=COMPACTION')
          else await check(client, `${maker}, which took over`)
          for (let number = 0; number < eachStay; number++) {
            const [queueId, key, body] = [number % queueCount, `k${number % keyCount}`, `${stay}.${number}`]
            const { queueOffset } = await client.send({ topic, queueId, body, properties: { KEYS: key } })
            bodies.set(`${queueId}/${queueOffset}`, body)
            last.set(`${queueId}/${key}`, { queueOffset, body })
          }
          await pollUntil(`a compaction by ${maker}`, async () => {
            const counts = await Promise.all([0, 1].map((queueId) => countOf(client, queueId)))
            return counts.every((count) => count < 200) || { notYet: `${counts} messages are left` }
          })
          await check(client, maker)
          client.close()
          // What the official broker syncs at an interval of its own may be lost to a kill.
          if (ending === 'kill' && maker === 'ours') await broker.kill()
          else await broker.stop()
        }
        if (process.env.INTEROP_KEEP !== '1') rmSync(folder, { recursive: true, force: true })
      } finally {
        await Promise.all(started.map((server) => server.kill()))
      }

      async function countOf(client: BrokerClient, queueId: number): Promise<number> {
        return (await client.readQueue(topic, queueId)).length
      }

      async function check(client: BrokerClient, where: string): Promise<void> {
        for (let queueId = 0; queueId < queueCount; queueId++) {
          const found = await client.readQueue(topic, queueId)
          const offsets = found.map(({ queueOffset }) => queueOffset)
          expect(offsets, where).toEqual(offsets.toSorted((a, b) => a - b))
          for (const { queueOffset, body } of found) {
            expect(String(body), `${where}: ${queueId}/${queueOffset}`).toBe(bodies.get(`${queueId}/${queueOffset}`))
          }
          const seen = new Map(found.map(({ properties, queueOffset }) => [properties.get('KEYS')!, queueOffset]))
          for (let key = 0; key < keyCount; key++) {
            const expected = last.get(`${queueId}/k${key}`)?.queueOffset
            expect(seen.get(`k${key}`), `${where}: k${key} of queue ${queueId}`).toBe(expected)
          }
        }
      }
    },
  )
})
