import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Violation } from '@rocketmq-ts/dev-env/checkers'
import {
  checkDelays,
  checkQueries,
  checkQueues,
  observe,
  observedTopics,
  Recorder,
  readQueues,
} from '@rocketmq-ts/dev-env/checkers'
import { consumerOffsetsBody } from '@rocketmq-ts/protocol'
import { BrokerClient } from '../crash/broker-client.ts'
import type { SeededRandom } from '../crash/seeded-random.ts'
import { openTarget } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import type { ServerProcess, TargetName } from '../targets/target.ts'
import { BulkLoad, batchTopic, bulkGroups } from './bulk-load.ts'
import { compareSnapshots, type Differences, type Snapshot, takeSnapshot } from './snapshot.ts'

export type Ending = 'stop' | 'kill'

/** What one broker found in the store that another one left, and what it made of it. */
export interface Takeover {
  readonly from: TargetName
  readonly to: TargetName
  readonly differences: Differences
  /** Before the broker was given anything new. */
  readonly found: Violation[]
  /** After it was given more, with all delayed messages delivered. */
  readonly afterLoad: Violation[]
  /** Files in the store when it was left to this broker. */
  readonly segments: number
  readonly indexFiles: number
  readonly logTail: string
}

const delayLevelsMs = [1000, 5000]
const unitsOfFiles = { queue: 300, batchQueue: 40 }
const config = {
  mappedFileSizeCommitLog: String(256 * 1024),
  mappedFileSizeConsumeQueue: String(unitsOfFiles.queue * 20),
  mapperFileSizeBatchConsumeQueue: String(unitsOfFiles.batchQueue * 46),
  maxHashSlotNum: '500',
  maxIndexNum: '2000',
  flushConsumerOffsetInterval: '1000',
  flushDelayOffsetInterval: '1000',
}
const requestsOfPart = 800

/**
 * Hands one store from broker to broker. Each looks at what it finds, takes a load of its own on top of it and is ended
 * in the same way; the last one too takes a load.
 */
export async function travel(
  label: string,
  makers: readonly TargetName[],
  ending: Ending,
  random: SeededRandom,
): Promise<Takeover[]> {
  const folder = createWorkFolder(label)
  const started: ServerProcess[] = []
  try {
    const nameServer = await openTarget(join(folder, 'name-server'), 'ours').startNameServer({
      port: await allocateNameServerPort(),
    })
    started.push(nameServer)
    const listenPort = await allocateBrokerPort()
    const journey = new Journey(join(folder, 'store'), random)
    for (const [index, maker] of makers.entries()) {
      const broker = await openTarget(join(folder, `${index}-${maker}`), maker).startBroker({
        brokerName: 'broker-a',
        clusterName: 'DefaultCluster',
        listenPort,
        namesrvAddr: nameServer.address,
        storeDir: journey.storeFolder,
        config,
      })
      started.push(broker)
      await journey.stay(broker, maker, index)
      if (ending === 'kill') await broker.kill()
      else await broker.stop()
    }
    if (journey.isFaultless && process.env.INTEROP_KEEP !== '1') rmSync(folder, { recursive: true, force: true })
    return journey.takeovers
  } finally {
    await Promise.all(started.map((server) => server.kill()))
  }
}

class Journey {
  readonly storeFolder: string
  readonly takeovers: Takeover[] = []
  readonly #recorder = new Recorder()
  readonly #random: SeededRandom
  readonly #load: BulkLoad
  #left: { maker: TargetName; snapshot: Snapshot } | undefined

  constructor(storeFolder: string, random: SeededRandom) {
    this.storeFolder = storeFolder
    this.#random = random
    this.#load = new BulkLoad(this.#recorder, random.fork(), unitsOfFiles)
  }

  get isFaultless(): boolean {
    return this.takeovers.every(
      ({ differences, found, afterLoad }) =>
        found.length + afterLoad.length + Object.values(differences).flat().length === 0,
    )
  }

  async stay(broker: ServerProcess, maker: TargetName, index: number): Promise<void> {
    const [segments, indexFiles] = ['commitlog', 'index'].map((name) => countFiles(join(this.storeFolder, name)))
    const client = await BrokerClient.connect(broker.address)
    try {
      const left = this.#left
      const differences = left && compareSnapshots(left.snapshot, await this.#snapshot(client))
      const found = left === undefined ? [] : await this.#check(client, maker)
      await this.#load.add(client, index, requestsOfPart)
      const afterLoad = [...(await this.#awaitDeliveries(client)), ...(await this.#check(client, maker))]
      if (left !== undefined && differences !== undefined) {
        const { maker: from } = left
        const logTail = broker.logTail()
        const counts = { segments: segments!, indexFiles: indexFiles! }
        this.takeovers.push({ from, to: maker, differences, found, afterLoad, ...counts, logTail })
      }
      // Waiting when this broker ends: the next one delivers them.
      await this.#load.addDelayed(client)
      const snapshot = await this.#snapshot(client)
      await this.#offsetsWritten(snapshot)
      this.#left = { maker, snapshot }
    } finally {
      client.close()
    }
  }

  #topics(): ReturnType<typeof observedTopics> {
    return observedTopics(this.#load.topics, [bulkGroups[0]], delayLevelsMs.length)
  }

  #snapshot(client: BrokerClient): Promise<Snapshot> {
    return takeSnapshot(client, this.#topics(), this.#load.topics, bulkGroups)
  }

  /** Everything but the delays, which need time. */
  async #check(client: BrokerClient, maker: TargetName): Promise<Violation[]> {
    const { history } = this.#recorder
    // Between the last batch of a file and the first one of the next, official brokers find the former by a time.
    const hasTimes = (topic: string): boolean => maker === 'ours' || topic !== batchTopic.topic
    const observation = await observe(client, history, this.#topics(), this.#random, 60, hasTimes)
    return [...checkQueues(history, observation.queues), ...checkQueries(history, observation)]
  }

  async #awaitDeliveries(client: BrokerClient): Promise<Violation[]> {
    let left: Violation[] = []
    try {
      await pollUntil(
        'delivery of all delayed messages',
        async () => {
          left = checkDelays(this.#recorder.history, await readQueues(client, this.#topics()), delayLevelsMs)
          return left.length === 0 || { notYet: `${left.length} are missing` }
        },
        { intervalMs: 250 },
      )
    } catch (error) {
      if (left.length === 0) throw error
    }
    return left
  }

  /** A broker that is killed may lose what was committed since it last wrote the offsets: waits for the next writing. */
  async #offsetsWritten({ offsets }: Snapshot): Promise<void> {
    const file = join(this.storeFolder, 'config', 'consumerOffset.json')
    await pollUntil('committed offsets in their file', async () => {
      if (!existsSync(file)) return { notYet: 'there is no file' }
      const { offsetTable } = consumerOffsetsBody.parse(readFileSync(file, 'utf8'))
      const missing = offsets.find(
        ({ group, topic, queueId, offset }) =>
          (offsetTable.get(`${topic}@${group}`)?.get(queueId) ?? 0) !== (offset ?? 0),
      )
      return missing === undefined || { notYet: JSON.stringify(missing) }
    })
  }
}

function countFiles(folder: string): number {
  return existsSync(folder) ? readdirSync(folder).length : 0
}
