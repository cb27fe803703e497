import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { logicalQueues, topicRouteBody } from '@rocketmq-ts/protocol'
import { describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { startJavaClient } from '../java/java-client.ts'
import { type Mqadmin, startMqadmin } from '../mqadmin/mqadmin.ts'
import { runOwnMqadmin } from '../mqadmin/own-mqadmin.ts'
import { type Cluster, openTarget } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import { request } from '../targets/probe.ts'
import type { ServerProcess, TargetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const queueCount = 3
const names = ['broker-a', 'broker-b', 'broker-c']

/** Where queues move to, one after the other: to one broker alone, to others, and back. */
const moves = ['broker-b', 'broker-a,broker-c', 'broker-a', 'broker-b,broker-c,broker-a']

const clusters: { nameServer: TargetName; brokers: TargetName[]; listener: string }[] = [
  { nameServer: 'ours', brokers: ['ours', 'ours', 'ours'], listener: 'concurrent' },
  { nameServer: 'ours', brokers: ['ours', 'ours', 'ours'], listener: 'orderly' },
  { nameServer: 'ours', brokers: ['ours', 'official', 'ours'], listener: 'concurrent' },
  { nameServer: 'official', brokers: ['official', 'ours', 'official'], listener: 'concurrent' },
]

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('a static topic', () => {
  it.each(clusters)(
    'that mqadmin makes and moves among $brokers loses nothing for Java clients ($listener), name server $nameServer',
    async ({ nameServer, brokers, listener }) => {
      const cluster = await startMixedCluster(`static-${listener}-${brokers.join('-')}`, nameServer, brokers)
      let admin: Mqadmin | undefined
      try {
        admin = await startMqadmin(cluster)
        const tools = admin
        const topic = 'Static'
        const made = await tools.run('updateStaticTopic', '-t', topic, '-qn', String(queueCount), '-b', 'broker-a')
        expect(made).toMatch(/The new mapping data is written to file/)
        expect(made).not.toMatch(/Exception/)
        expect(await leadersOf(cluster, topic)).toEqual(['broker-a', 'broker-a', 'broker-a'])
        await tools.run('updateSubGroup', '-g', 'static-group', '-c', 'DefaultCluster')
        const client = await startJavaClient(cluster)
        try {
          const parameters = { topic, group: 'static-group', listener, moves: String(moves.length) }
          const move = async ({ number }: Record<string, unknown>): Promise<void> => {
            const to = moves[Number(number)]!
            const printed = await tools.run('remappingStaticTopic', '-t', topic, '-b', to)
            expect(printed).not.toMatch(/Exception/)
            expect(new Set(await leadersOf(cluster, topic))).toEqual(new Set(to.split(',')))
          }
          const seen = await client.run('static-topic-moved', { parameters, checkpoints: { move } })
          expect(seen).not.toBe('')
          await awaitCommitted(cluster, topic)
        } finally {
          await client.kill()
        }
      } finally {
        await admin?.close()
        await cluster.dispose()
      }
    },
  )

  it('is made, moved and shown by rocketmq mqadmin as by mqadmin, in one cluster with official brokers', async () => {
    const cluster = await startMixedCluster('static-own', 'ours', ['ours', 'official', 'ours'])
    const topic = 'Static'
    const bodies: string[] = []
    const written = (printed: string): string => printed.replaceAll(/\d{13}/g, '<epoch>')
    let admin: Mqadmin | undefined
    try {
      admin = await startMqadmin(cluster)
      const official = admin
      const own = async (...args: string[]): Promise<string> => {
        const { printed, said } = await runOwnMqadmin(cluster, args)
        expect(said).toBe('')
        return printed
      }
      // The first command of the official tools prints how they log.
      await official.run('topicList')
      const made = await own('updateStaticTopic', '-t', topic, '-qn', '2', '-b', 'broker-a')
      const widened = await official.run('updateStaticTopic', '-t', topic, '-qn', '3', '-c', 'DefaultCluster')
      expect(written(made)).toBe(written(widened))
      let moved: string | undefined
      for (const [tool, to] of [
        [own, 'broker-b'],
        [official.run, 'broker-c'],
        [own, 'broker-a'],
        [official.run, 'broker-b'],
        [own, 'broker-a,broker-b,broker-c'],
      ] as const) {
        await send(cluster, topic, `before ${to}`, bodies)
        const printed = written(await tool('remappingStaticTopic', '-t', topic, '-b', to))
        expect(printed).toBe(moved ?? printed)
        moved = printed
        expect(new Set(await leadersOf(cluster, topic))).toEqual(new Set(to.split(',')))
        // An official broker finds out the addresses of others at an interval.
        const found = await pollUntil('all messages', async () =>
          read(cluster, topic).then(
            (seen) => ({ seen }),
            (error: Error) => ({ notYet: error.message }),
          ),
        )
        expect(found.seen).toEqual(bodies)
      }
      const sorted = (printed: string): string =>
        printed
          .replaceAll(/TPS: \S+/g, 'TPS')
          .split('\n')
          .sort()
          .join('\n')
      expect(sorted(await own('topicStatus', '-t', topic))).toBe(sorted(await official.run('topicStatus', '-t', topic)))
    } finally {
      await admin?.close()
      await cluster.dispose()
    }
  })

  it('that one broker keeps is the same for the other one that takes over its store', async () => {
    const folder = createWorkFolder('static-disk')
    const started: ServerProcess[] = []
    const keep = async (starting: Promise<ServerProcess>): Promise<ServerProcess> => {
      const server = await starting
      started.push(server)
      return server
    }
    let admin: Mqadmin | undefined
    try {
      const nameServer = await keep(
        openTarget(join(folder, 'ns'), 'ours').startNameServer({ port: await allocateNameServerPort() }),
      )
      const listenPort = await allocateBrokerPort()
      const startBroker = (maker: TargetName, stay: number) =>
        keep(
          openTarget(join(folder, `${stay}-${maker}`), maker).startBroker({
            brokerName: 'broker-a',
            clusterName: 'DefaultCluster',
            listenPort,
            namesrvAddr: nameServer.address,
            storeDir: join(folder, 'store'),
          }),
        )
      const sent: string[] = []
      for (const [stay, maker] of (['official', 'ours', 'official', 'ours'] as const).entries()) {
        const broker = await startBroker(maker, stay)
        if (stay === 0) {
          const target = openTarget(folder, 'ours')
          admin = await startMqadmin({ target, namesrvAddr: nameServer.address, logTails: () => '' } as Cluster)
          await admin.run('updateStaticTopic', '-t', 'Static', '-qn', '2', '-b', 'broker-a')
        } else if (stay === 2) {
          await admin!.run('updateStaticTopic', '-t', 'Static', '-qn', '3', '-b', 'broker-a')
        }
        const client = await BrokerClient.connect(broker.address)
        expect(
          (await client.readQueue('Static', 1)).map(({ body }) => String(body)),
          maker,
        ).toEqual(sent)
        const { queueId, queueOffset } = await client.send({ topic: 'Static', queueId: 1, body: `${stay}` })
        expect([queueId, queueOffset], maker).toEqual([1, stay])
        sent.push(`${stay}`)
        client.close()
        const route = topicRouteBody.decode(
          (await request(nameServer.address, 105, { extFields: { topic: 'Static' } })).body!,
        )
        expect(logicalQueues(route)).toHaveLength(stay < 2 ? 2 : 3)
        await broker.stop()
      }
      if (process.env.INTEROP_KEEP !== '1') rmSync(folder, { recursive: true, force: true })
    } finally {
      await admin?.close()
      await Promise.all(started.map((server) => server.kill()))
    }
  })
})

/**
 * The group has an offset in each logical queue, behind its last message. It may still be in an older part when nothing came into the
 * newest one.
 */
async function awaitCommitted(cluster: Cluster, topic: string): Promise<void> {
  for (const [queueId, leader] of (await leadersOf(cluster, topic)).entries()) {
    const client = await BrokerClient.connect(cluster.brokers[names.indexOf(leader)]!.address)
    await pollUntil(`the offset of queue ${queueId}`, async () => {
      const max = await client.maxOffset(topic, queueId)
      const committed = await client.committedOffset('static-group', topic, queueId)
      if (committed === undefined || committed > max) return { notYet: `${committed} of ${max}` }
      const left = await client.readQueue(topic, queueId, committed)
      return left.length === 0 || { notYet: `${left.length} messages behind ${committed}` }
    })
    client.close()
  }
}

/** Sends a message to each logical queue. */
async function send(cluster: Cluster, topic: string, label: string, bodies: string[]): Promise<void> {
  for (const [queueId, leader] of (await leadersOf(cluster, topic)).entries()) {
    const client = await BrokerClient.connect(cluster.brokers[names.indexOf(leader)]!.address)
    const body = `${queueId} ${label} ${bodies.length}`
    const sent = await client.send({ topic, queueId, body })
    expect(sent.queueId).toBe(queueId)
    expect(sent.queueOffset).toBeGreaterThanOrEqual(0)
    bodies.push(body)
    client.close()
  }
  bodies.sort(byQueue)
}

/** The messages of all logical queues, one queue after the other, each in its order. */
async function read(cluster: Cluster, topic: string): Promise<string[]> {
  const found: string[] = []
  for (const [queueId, leader] of (await leadersOf(cluster, topic)).entries()) {
    const client = await BrokerClient.connect(cluster.brokers[names.indexOf(leader)]!.address)
    found.push(...(await client.readQueue(topic, queueId)).map(({ body }) => String(body)))
    client.close()
  }
  return found
}

/** Bodies begin with their queue; those of a queue stay in their order. */
const byQueue = (one: string, other: string): number => Number(one[0]) - Number(other[0])

async function leadersOf(cluster: Cluster, topic: string): Promise<string[]> {
  const extFields = { topic, acceptStandardJsonOnly: 'true' }
  const { body } = await request(cluster.nameServers[0]!.address, 105, { extFields })
  return (logicalQueues(topicRouteBody.decode(body!)) ?? []).map(({ leader }) => leader)
}

/** Brokers of different makers in one cluster. */
async function startMixedCluster(label: string, nameServer: TargetName, makers: TargetName[]): Promise<Cluster> {
  const folder = createWorkFolder(label)
  const started: ServerProcess[] = []
  const dispose = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.kill()))
    if (process.env.INTEROP_KEEP !== '1') rmSync(folder, { recursive: true, force: true })
  }
  try {
    const port = await allocateNameServerPort()
    const first = await openTarget(join(folder, 'name-server'), nameServer).startNameServer({ port })
    started.push(first)
    const brokers: ServerProcess[] = []
    for (const [index, maker] of makers.entries()) {
      const brokerName = names[index]!
      const broker = await openTarget(join(folder, brokerName), maker).startBroker({
        brokerName,
        clusterName: 'DefaultCluster',
        listenPort: await allocateBrokerPort(),
        namesrvAddr: first.address,
        storeDir: join(folder, 'stores', brokerName),
      })
      started.push(broker)
      brokers.push(broker)
    }
    const target = openTarget(folder, 'ours')
    const logTails = (): string => started.map((server) => server.logTail()).join('\n')
    return { target, nameServers: [first], brokers, namesrvAddr: first.address, logTails, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}
