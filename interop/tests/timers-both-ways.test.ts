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

const journeys: { ended: 'stopped' | 'killed'; makers: TargetName[] }[] = [
  { ended: 'stopped', makers: ['official', 'ours', 'official', 'ours'] },
  { ended: 'killed', makers: ['ours', 'official', 'ours', 'official'] },
]
const topic = 'timed'
/** Due while the broker that takes them is there, while the next one starts, and while that is there. */
const delaysMs = [1500, 3000, 12_000, 18_000, 30_000, 45_000]
const eachDelay = 8

interface Sent {
  id: string
  dueMs: number
}

async function delivered(client: BrokerClient): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>()
  for (let offset = 0; ; ) {
    const { records, nextOffset } = await client.pull({ group: 'readers', topic, queueId: 0, offset, countMax: 32 })
    for (const { id, storeTimestamp } of records) times.set(id, [...(times.get(id) ?? []), storeTimestamp])
    if (records.length === 0) return times
    offset = nextOffset
  }
}

async function sendTimed(client: BrokerClient, stay: number): Promise<Sent[]> {
  const sent: Sent[] = []
  for (const [index, delayMs] of Array.from({ length: eachDelay }, () => delaysMs)
    .flat()
    .entries()) {
    const id = `00000000000000000000000000${stay}${index.toString(16).padStart(5, '0')}`.toUpperCase()
    const dueMs = Date.now() + delayMs + index * 37
    const properties = { UNIQ_KEY: id, TIMER_DELIVER_MS: String(dueMs) }
    await client.send({ topic, queueId: 0, body: Buffer.from(id), properties })
    sent.push({ id, dueMs })
  }
  return sent
}

/** Waits until everything that is due for two seconds was delivered. */
async function awaitDue(client: BrokerClient, sent: readonly Sent[], untilMs: number): Promise<void> {
  await pollUntil('delivery of what is due', async () => {
    const times = await delivered(client)
    const missing = sent.filter(({ id, dueMs }) => dueMs <= untilMs && !times.has(id))
    if (Date.now() < untilMs + 2000) return { notYet: 'it is not yet time' }
    return missing.length === 0 || { notYet: `${missing.length} are missing, such as ${missing[0]!.id}` }
  })
}

describe.skipIf(lacksTools('java', 'mvn'))('messages that wait for their time', () => {
  it.each(journeys)(
    'are delivered then, once, by whichever broker has the store ($makers, $ended)',
    async ({ ended, makers }) => {
      const folder = createWorkFolder(`timers-${ended}`)
      const started: ServerProcess[] = []
      const sent: Sent[] = []
      try {
        const nameServer = await openTarget(join(folder, 'name-server'), 'ours').startNameServer({
          port: await allocateNameServerPort(),
        })
        started.push(nameServer)
        const listenPort = await allocateBrokerPort()
        let times = new Map<string, number[]>()
        for (const [stay, maker] of makers.entries()) {
          const broker = await openTarget(join(folder, `${stay}-${maker}`), maker).startBroker({
            brokerName: 'broker-a',
            clusterName: 'DefaultCluster',
            listenPort,
            namesrvAddr: nameServer.address,
            storeDir: join(folder, 'store'),
            config: {},
          })
          started.push(broker)
          const client = await BrokerClient.connect(broker.address)
          if (stay === 0) await client.createTopic(topic, 1)
          await awaitDue(client, sent, Date.now())
          sent.push(...(await sendTimed(client, stay)))
          const isLast = stay === makers.length - 1
          await awaitDue(client, sent, isLast ? Math.max(...sent.map(({ dueMs }) => dueMs)) : Date.now() + 4000)
          times = await delivered(client)
          client.close()
          if (ended === 'killed') await broker.kill()
          else await broker.stop()
        }
        expect(times.size).toBe(sent.length)
        for (const { id, dueMs } of sent) {
          for (const atMs of times.get(id)!) expect(atMs, `${id} is early`).toBeGreaterThanOrEqual(dueMs)
        }
        const repeated = [...times.values()].filter((each) => each.length > 1)
        // Whoever is killed may not have noted what it delivered in the last two seconds.
        expect(repeated.length).toBeLessThanOrEqual(ended === 'killed' ? makers.length * eachDelay : 0)
        if (process.env.INTEROP_KEEP !== '1') rmSync(folder, { recursive: true, force: true })
      } finally {
        await Promise.all(started.map((server) => server.kill()))
      }
    },
  )
})
