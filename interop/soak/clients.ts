/**
 * Producers, groups of consumers and a reader in a process of their own, as a service has them. They tell the parent what
 * they see, and keep nothing of it, so that the memory of the process is that of the clients.
 */
import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Consumer, Producer, Reader, RetryAfter } from '@rocketmq-ts/client'
import { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import type { Footprint, Numbered, Read } from './findings.ts'
import { type Answers, type ClientsOptions, orderedKeys, type Question, scatteredKeys, type Told } from './protocol.ts'

const options: ClientsOptions = JSON.parse(process.argv[2]!)
const { nameServers, topic, brokers, queuesOfBroker, defects } = options
const random = new SeededRandom(options.seed)
const common = { nameServers }

const orders = ['none', 'queue', 'shardingKey'] as const
const membersOfGroup = 2
/** How often a handler fails, and how often a defect shows: one message of so many. */
const failureOf = 250
const defectOf = 25
/** A message that is not stored after so long ends the run. */
const sendTimeoutMs = 120_000
const tellEveryMs = 50
const leakedClients = 4

let seen = nothingSeen()

function nothingSeen() {
  return {
    acknowledged: [] as Numbered[],
    handled: [] as (Numbered & { group: string })[],
    read: [] as Read[],
  }
}

function tell(told: Told, onTold: () => void = () => {}): void {
  process.send!(told, onTold)
}

function tellSeen(): void {
  const { acknowledged, handled, read } = seen
  if (acknowledged.length + handled.length + read.length === 0) return
  seen = nothingSeen()
  tell({ kind: 'seen', acknowledged, handled, read })
}

function numbered(body: Buffer): Numbered {
  const [key, number] = String(body).split(' ')
  return { key: key!, number: Number(number) }
}

let isProducing = true

/** Sends the messages of a key one after the other, each until it is stored. */
async function produce(producer: Producer, key: string, queue: { broker: string; queueId: number } | undefined) {
  for (let number = 0; isProducing; number++) {
    const place = queue === undefined ? undefined : { topic, ...queue }
    const message = { topic, body: `${key} ${number}`, shardingKey: key, queue: place }
    await producer.send(message, { timeoutMs: sendTimeoutMs })
    seen.acknowledged.push({ key, number })
    await pause(random.below(60))
  }
}

/** A message that a defect holds back until the next one of its group. */
const heldBack = new Map<string, Numbered>()

function handled(group: string, message: Numbered): void {
  if (defects.includes('forgets messages') && group === 'none' && message.number % defectOf === defectOf - 1) return
  if (defects.includes('mixes up keys') && group === 'queue') {
    const before = heldBack.get(message.key)
    if (before === undefined && message.number % defectOf === 0) {
      heldBack.set(message.key, message)
      return
    }
    heldBack.delete(message.key)
    seen.handled.push({ ...message, group })
    if (before !== undefined) seen.handled.push({ ...before, group })
    return
  }
  seen.handled.push({ ...message, group })
  if (defects.includes('handles messages twice') && message.number % defectOf === 0) {
    seen.handled.push({ ...message, group })
  }
}

function consumer(group: (typeof orders)[number]): Consumer {
  return new Consumer({
    ...common,
    group,
    topics: topic,
    from: 'earliest',
    order: group,
    handler: async ({ body }) => {
      await pause(random.below(10))
      if (random.oneIn(failureOf)) throw new RetryAfter(1000)
      handled(group, numbered(body))
    },
  })
}

async function read(reader: Reader): Promise<void> {
  for await (const { body, queue, queueOffset: offset } of reader) {
    seen.read.push({ ...numbered(body), queue: `${queue.broker} ${queue.queueId}`, offset })
  }
}

const leaked: unknown[] = []

function footprint(): Footprint {
  // So many are more than connections that are just made anew.
  for (let n = 0; defects.includes('leaks clients') && n < leakedClients; n++) {
    const producer = new Producer({ ...common, group: 'leaked' })
    leaked.push(producer)
    producer.send({ topic, body: 'leaked 0' }).catch(fail)
  }
  if (defects.includes('leaks memory')) leaked.push(Array.from({ length: 100_000 }, (_, n) => ({ n })))
  // What one collection frees may let the next one free more.
  for (let n = 0; n < 3; n++) globalThis.gc!()
  const { heapUsed, external } = process.memoryUsage()
  const handles: Record<string, number> = { files: readdirSync('/proc/self/fd').length }
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1
  return { memoryBytes: heapUsed + external, handles }
}

const ordered = new Producer({ ...common, group: 'ordered' })
const batching = new Producer({ ...common, group: 'batching', batching: true })
const members = orders.flatMap((order) => Array.from({ length: membersOfGroup }, () => consumer(order)))
const reader = new Reader({ ...common, topic })
const queues = brokers.flatMap((broker) =>
  Array.from({ length: queuesOfBroker }, (_, queueId) => ({ broker, queueId })),
)

for (const member of members) await member.start()
const reading = read(reader)
const producing = Promise.all([
  ...orderedKeys.map((key, n) => produce(ordered, key, queues[n % queues.length])),
  ...scatteredKeys.map((key) => produce(batching, key, undefined)),
])
const telling = setInterval(tellSeen, tellEveryMs)

const answers: { [Q in Question]: () => Promise<Answers[Q]> } = {
  footprint: async () => footprint(),
  async assigned() {
    const queuesOf = (n: number): string[] =>
      members
        .slice(n * membersOfGroup, (n + 1) * membersOfGroup)
        .flatMap(({ assigned }) => assigned.filter((queue) => queue.topic === topic))
        .map(({ broker, queueId }) => `${broker} ${queueId}`)
    return Object.fromEntries(orders.map((group, n) => [group, queuesOf(n)]))
  },
  async stopProducing() {
    isProducing = false
    await producing
    return null
  },
  async close() {
    const took: Record<string, number> = {}
    const clients = { ordered, batching, reader, ...Object.fromEntries(members.map((one, n) => [`member ${n}`, one])) }
    for (const [name, client] of Object.entries(clients)) {
      const startMs = performance.now()
      await client.close()
      took[name] = Math.round(performance.now() - startMs)
    }
    await reading
    clearInterval(telling)
    tellSeen()
    return took
  },
}

function fail(error: unknown): void {
  tell({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}

producing.catch(fail)
reading.catch(fail)
process.on('message', (question: Question) => {
  answers[question]()
    .then((answer) => {
      // At last only the channel keeps the process alive.
      tell({ kind: 'answer', question, answer }, question === 'close' ? () => process.disconnect() : undefined)
    })
    .catch(fail)
})
tell({ kind: 'started' })
