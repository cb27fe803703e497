import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { BrokerCalls } from '@rocketmq-ts/dev-env/client'
import { describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { openTarget } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import type { ServerProcess, TargetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const journeys: { makers: TargetName[]; end: 'stop' | 'kill' }[] = [
  { makers: ['official', 'ours', 'official'], end: 'stop' },
  { makers: ['ours', 'official', 'ours'], end: 'stop' },
  { makers: ['ours', 'official', 'ours', 'official'], end: 'kill' },
]
const topic = 'devices'
const names = ['%LMQ%a', '%LMQ%b', '%LMQ%c']
const group = '%LMQ%reader'
const eachStay = 12
const config = { enableLmq: 'true', enableMultiDispatch: 'true' }

/** What a light queue has: bodies, and the offset of each there as its properties tell it. */
async function contentOf(calls: BrokerCalls, name: string): Promise<string[]> {
  const messages = await calls.pull({ topic: name, group, offset: 0, countMax: 32 })
  return messages.messages.map(({ body, properties }) => {
    const places = properties.get('INNER_MULTI_DISPATCH')!.split(',')
    const offsets = properties.get('INNER_MULTI_QUEUE_OFFSET')!.split(',')
    return `${body}@${offsets[places.indexOf(name)]}`
  })
}

describe.skipIf(lacksTools('java', 'mvn'))('a store with light queues', () => {
  it.each(journeys)(
    'goes from $makers, each of which ends by a $end: each light queue has its messages at their offsets',
    async ({ makers, end }) => {
      const folder = createWorkFolder(`light-${makers[0]}`)
      const started: ServerProcess[] = []
      const expected = new Map<string, string[]>(names.map((name) => [name, []]))
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
          const { calls } = client
          if (stay === 0) await client.createTopic(topic, 1)
          // A killed broker has not written the last offsets of groups.
          else if (end === 'stop')
            expect(await calls.committedOffset(group, names[0]!, 0), `the offset by ${maker}`).toBe(stay)
          for (let number = 0; number < eachStay; number++) {
            const body = `${stay}.${number}`
            const picked = names.filter((_, index) => number % (index + 1) === 0)
            await calls.send({ topic, body, properties: { INNER_MULTI_DISPATCH: picked.join(',') } })
            for (const name of picked) {
              const bodies = expected.get(name)!
              bodies.push(`${body}@${bodies.length}`)
            }
          }
          for (const name of names) {
            const wanted = expected.get(name)!
            await pollUntil(`${name} by ${maker}`, async () => {
              const end = await calls.maxOffset(name)
              return end === wanted.length || { notYet: `it ends at ${end}, not at ${wanted.length}` }
            })
            expect(await contentOf(calls, name), `${name} by ${maker}`).toEqual(wanted.slice(0, 32))
          }
          await calls.commitOffset(group, names[0]!, 0, stay + 1)
          client.close()
          if (end === 'stop') await broker.stop()
          else await broker.kill()
        }
        if (process.env.INTEROP_KEEP !== '1') rmSync(folder, { recursive: true, force: true })
      } finally {
        await Promise.all(started.map((server) => server.kill()))
      }
    },
  )
})
