import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Admin } from '@rocketmq-ts/client'
import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { NotInTimeError, patienceMs, pollUntil } from '../targets/deadline.ts'
import { ClientsProcess } from './clients-process.ts'
import {
  type Duplicates,
  duplicatesOf,
  type Finding,
  type Footprint,
  findingsOf,
  type Numbered,
  type Soaked,
} from './findings.ts'
import { type Defect, orderedKeys } from './protocol.ts'

export interface SoakOptions {
  /** Names the run's folder. */
  readonly label: string
  readonly random: SeededRandom
  /** How often a server is ended and started again. */
  readonly restarts: number
  readonly defects?: readonly Defect[]
}

export interface SoakReport {
  readonly findings: readonly Finding[]
  readonly duplicates: Duplicates
  readonly acknowledged: number
  readonly kills: number
  readonly stops: number
  readonly footprints: readonly Footprint[]
  readonly logTails: string
}

const topic = 'soak'
const groups = ['none', 'queue', 'shardingKey'] as const
const queuesOfBroker = 3
const awayMsMax = 1500
/** How many messages are sent after all that was done to servers. */
const calmMessages = 500
/** With some of them it would wait for ever. */
const drainTimeoutOfDefectsMs = 4000

/**
 * Two name servers and two brokers as processes, ended and started again one after the other under clients in a process
 * of their own; then everything has to be where it was promised.
 */
export async function runSoak({ label, random, restarts, defects = [] }: SoakOptions): Promise<SoakReport> {
  // A name server that was started again learns of brokers when they register next.
  const cluster = await startCluster({
    label,
    nameServers: 2,
    brokers: 2,
    config: { registerNameServerPeriod: '10000', autoCreateTopicEnable: 'false' },
  })
  let clients: ClientsProcess | undefined
  let isWell = false
  try {
    await makeTopic(cluster)
    const options = {
      nameServers: cluster.namesrvAddr,
      topic,
      brokers: cluster.brokers.map(({ name }) => name),
      queuesOfBroker,
      seed: random.below(2 ** 31),
      defects,
    }
    clients = await ClientsProcess.start(options, join(cluster.target.workFolder, 'clients.log'))
    const { kills, stops, footprints } = await disturb(cluster, clients, random, restarts)
    await settled(cluster, clients)
    const calmFrom = clients.acknowledged.length
    await clients.until('messages are stored in calm', () => {
      return clients!.acknowledged.length >= calmFrom + calmMessages
    })
    await clients.ask('stopProducing')
    await drained(clients, defects.length === 0 ? patienceMs : drainTimeoutOfDefectsMs)
    const closingMs = await clients.ask('close')
    const { acknowledged, handled, read } = clients
    const soaked: Soaked = {
      acknowledged,
      calmFrom,
      handled,
      read,
      orderedGroups: new Set(['queue', 'shardingKey']),
      orderedKeys: new Set(orderedKeys),
      footprints,
      closingMs,
      exitCode: await clients.end(),
    }
    const findings = findingsOf(soaked)
    isWell = findings.length === 0 || defects.length > 0
    const duplicates = duplicatesOf(soaked)
    const logTails = cluster.logTails()
    return { findings, duplicates, acknowledged: acknowledged.length, kills, stops, footprints, logTails }
  } finally {
    await clients?.kill()
    await cluster.dispose({ keepFiles: !isWell || process.env.INTEROP_KEEP === '1' })
  }
}

async function makeTopic({ namesrvAddr }: Cluster): Promise<void> {
  await using admin = new Admin({ nameServers: namesrvAddr })
  await admin.createTopic(topic, { queues: queuesOfBroker })
  for (const group of groups) await admin.createGroup(group)
}

/** Ends servers and starts them again, brokers and name servers in turns; after each, the clients have to get on. */
async function disturb(cluster: Cluster, clients: ClientsProcess, random: SeededRandom, restarts: number) {
  const footprints: Footprint[] = []
  let kills = 0
  for (let round = 0; round < restarts; round++) {
    await getsOn(clients, 'before a restart')
    const servers = round % 2 === 0 ? cluster.brokers : cluster.nameServers
    const server = random.pick(servers)
    if (random.oneIn(3)) await server.stop()
    else {
      kills++
      await server.kill()
    }
    await pause(random.below(awayMsMax))
    await server.restart()
    await getsOn(clients, `after the restart of ${server.name}`)
    footprints.push(await clients.ask('footprint'))
  }
  return { kills, stops: restarts - kills, footprints }
}

/** Waits until all name servers know both brokers, and the members of each group have shared out the queues. */
async function settled({ nameServers, brokers }: Cluster, clients: ClientsProcess): Promise<void> {
  const queues = brokers
    .flatMap(({ name }) => Array.from({ length: queuesOfBroker }, (_, queueId) => `${name} ${queueId}`))
    .toSorted()
  for (const { address, name } of nameServers) {
    await using admin = new Admin({ nameServers: address })
    await pollUntil(`${name} knows all brokers`, async () => {
      if (!(await admin.topics()).includes(topic)) return { notYet: 'it does not know the topic' }
      const known = (await admin.describeTopic(topic)).queues.length
      return known === queues.length || { notYet: `it knows ${known} queues` }
    })
  }
  await pollUntil('the queues are shared out', async () => {
    const assigned = await clients.ask('assigned')
    const isSo = Object.values(assigned).every((ofGroup) => String(ofGroup.toSorted()) === String(queues))
    return isSo || { notYet: JSON.stringify(assigned) }
  })
}

/** What is sent from now on comes to each group and to the reader. */
async function getsOn(clients: ClientsProcess, when: string): Promise<void> {
  const before = clients.acknowledged.length
  await clients.until(`messages are stored ${when}`, () => clients.acknowledged.length > before)
  const places = [...groups.map((group) => () => clients.handled.get(group) ?? []), () => clients.read]
  for (const messagesOf of places) {
    const begin = messagesOf().length
    await clients.until(`they arrive ${when}`, () => {
      const wanted = new Set(clients.acknowledged.slice(before).map(({ key, number }) => `${key} ${number}`))
      return messagesOf()
        .slice(begin)
        .some(({ key, number }) => wanted.has(`${key} ${number}`))
    })
  }
}

/** Waits until everything is everywhere; what is missing after that time is for the checker. */
async function drained(clients: ClientsProcess, timeoutMs: number): Promise<void> {
  const { acknowledged, handled, read } = clients
  const places = [() => read, ...groups.map((group) => () => handled.get(group) ?? [])]
  const hasAll = (messages: readonly Numbered[]): boolean => {
    if (messages.length < acknowledged.length) return false
    const seen = new Set(messages.map(({ key, number }) => `${key} ${number}`))
    return acknowledged.every(({ key, number }) => seen.has(`${key} ${number}`))
  }
  try {
    await clients.until('everything arrives', () => places.every((messagesOf) => hasAll(messagesOf())), timeoutMs)
  } catch (error) {
    if (!(error instanceof NotInTimeError)) throw error
  }
}
