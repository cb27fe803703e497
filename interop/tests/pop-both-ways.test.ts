import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { PopConsumer, type PoppedMessage } from '@rocketmq-ts/dev-env/client'
import { describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { openTarget } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import type { ServerProcess, TargetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const journeys: { makers: TargetName[] }[] = [
  { makers: ['official', 'ours', 'official'] },
  { makers: ['ours', 'official', 'ours'] },
]
const topic = 'popped'
const group = 'poppers'
const brokerName = 'broker-a'
const queueCount = 2
const eachStay = 24
/**
 * Longer than a broker needs to stop, and the next one to start: an official broker that starts when the time is over may
 * give messages again before it has read that they were acknowledged.
 */
const invisibleMs = 90_000
/** For the last broker. */
const shortMs = 30_000
/** Longer than a broker needs to stop, and the next one to start, on any machine. */
const heldMs = 900_000
const heldCount = 4

/** Gives out what there is. */
async function popAll(consumer: PopConsumer, invisibleTime: number): Promise<PoppedMessage[]> {
  const popped: PoppedMessage[] = []
  for (let empty = 0; empty < 3; ) {
    const { messages } = await consumer.pop({ maxMsgNums: 8, invisibleTime })
    popped.push(...messages)
    empty = messages.length === 0 ? empty + 1 : 0
  }
  return popped
}

/** Gives out a few for long. */
async function hold(consumer: PopConsumer): Promise<PoppedMessage[]> {
  const held: PoppedMessage[] = []
  await pollUntil('messages to hold', async () => {
    const { messages } = await consumer.pop({ maxMsgNums: heldCount - held.length, invisibleTime: heldMs })
    held.push(...messages)
    return held.length === heldCount || { notYet: `${held.length} of ${heldCount}` }
  })
  return held
}

describe.skipIf(lacksTools('java', 'mvn'))('a store with messages that were given out', () => {
  it.concurrent.each(journeys)(
    'goes from $makers: what was acknowledged to one does not come from the next, and all else does',
    async ({ makers }) => {
      const folder = createWorkFolder(`pop-${makers[0]}`)
      const started: ServerProcess[] = []
      /** Bodies that a broker confirmed to be acknowledged. */
      const acknowledged = new Set<string>()
      const sent = new Set<string>()
      const cameAgain: string[] = []
      /** Given out for long by the broker before, and not acknowledged to it. */
      let held: PoppedMessage[] = []
      try {
        const nameServer = await openTarget(join(folder, 'name-server'), 'ours').startNameServer({
          port: await allocateNameServerPort(),
        })
        started.push(nameServer)
        const listenPort = await allocateBrokerPort()
        for (const [stay, maker] of makers.entries()) {
          const broker = await openTarget(join(folder, `${stay}-${maker}`), maker).startBroker({
            brokerName,
            clusterName: 'DefaultCluster',
            listenPort,
            namesrvAddr: nameServer.address,
            storeDir: join(folder, 'store'),
            config: {},
          })
          started.push(broker)
          const client = await BrokerClient.connect(broker.address)
          const consumer = new PopConsumer(client.calls, brokerName, group, topic)
          if (stay === 0) await client.createTopic(topic, queueCount)
          // A receipt of the broker before is good here.
          for (const message of held) {
            expect(await consumer.ack(message), `the receipt of ${message.body} by ${maker}`).toBe('SUCCESS')
            acknowledged.add(String(message.body))
          }
          for (let number = 0; number < eachStay; number++) {
            const body = `${stay}.${number}`
            await client.send({ topic, queueId: number % queueCount, body })
            sent.add(body)
          }
          const isLast = stay === makers.length - 1
          held = isLast ? [] : await hold(consumer)
          const popped = await popAll(consumer, isLast ? shortMs : invisibleMs)
          for (const { body } of [...held, ...popped])
            if (acknowledged.has(String(body))) cameAgain.push(`${body} from ${maker}`)
          // The others come again.
          const taken = popped.filter((_, index) => index % 2 === 0)
          for (const message of taken) {
            expect(await consumer.ack(message)).toBe('SUCCESS')
            acknowledged.add(String(message.body))
          }
          if (isLast) await finish(consumer)
          client.close()
          await broker.stop()
        }
        expect(cameAgain).toEqual([])
        expect([...sent].filter((body) => !acknowledged.has(body))).toEqual([])
        if (process.env.INTEROP_KEEP !== '1') rmSync(folder, { recursive: true, force: true })
      } finally {
        await Promise.all(started.map((server) => server.kill()))
      }

      /** Takes all that comes again, until everything is acknowledged. */
      async function finish(consumer: PopConsumer): Promise<void> {
        await pollUntil('the last messages', async () => {
          for (const message of await popAll(consumer, shortMs)) {
            const body = String(message.body)
            if (acknowledged.has(body)) cameAgain.push(`${body} at the end`)
            if ((await consumer.ack(message)) === 'SUCCESS') acknowledged.add(body)
          }
          const missing = [...sent].filter((body) => !acknowledged.has(body))
          return missing.length === 0 || { notYet: `${missing.length} are missing, such as ${missing[0]}` }
        })
      }
    },
  )
})
