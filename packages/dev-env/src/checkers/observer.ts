import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { retryTopicOf, scheduleTopic, type TopicConfigTable, timerTopic } from '@rocketmq-ts/protocol'
import { ResponseError } from '@rocketmq-ts/remoting'
import {
  type History,
  type KeyQuery,
  type Observation,
  type ObservedOffset,
  type ObservedQueue,
  type ObservedRecord,
  queueKey,
  type TimeQuery,
} from './history.ts'

/** What is asked of a broker to see everything that is in it. */
export interface ObservedBroker {
  /** @throws ResponseError when the broker does not know the topic or queue */
  pull(request: {
    group: string
    topic: string
    queueId: number
    offset: number
    countMax: number
  }): Promise<{ records: ObservedRecord[]; nextOffset: number; maxOffset: number }>
  committedOffset(group: string, topic: string, queueId: number): Promise<number | undefined>
  /** Messages that the index names for a key; a hash may name others too. */
  findByKey(topic: string, key: string, isUniqueKey: boolean): Promise<ObservedRecord[]>
  offsetByTime(topic: string, queueId: number, timestampMs: number, boundary: 'lower' | 'upper'): Promise<number>
  topics(): Promise<TopicConfigTable>
}

export interface ObservedTopic {
  readonly topic: string
  readonly queues: number
  /** Batches are one record each. */
  readonly isOfBatches?: boolean
}

const observerGroup = 'observers'
const recordsOfPull = 1000

/**
 * The queues of a load's topics, and those in which the broker keeps delayed messages and retries.
 * @param delayLevels how many levels are looked at
 */
export function observedTopics(topics: readonly ObservedTopic[], groups: readonly string[], delayLevels: number) {
  return [
    ...topics,
    { topic: scheduleTopic, queues: delayLevels },
    { topic: timerTopic, queues: 1 },
    ...groups.map((group) => ({ topic: retryTopicOf(group), queues: 1 })),
  ]
}

/** Every record of a queue from an offset to its end; undefined when the broker does not know the topic or queue. */
export async function readQueue(
  client: ObservedBroker,
  topic: string,
  queueId: number,
  fromOffset = 0,
): Promise<ObservedQueue | undefined> {
  try {
    const records: ObservedRecord[] = []
    let offset = fromOffset
    for (;;) {
      const answer = await client.pull({ group: observerGroup, topic, queueId, offset, countMax: recordsOfPull })
      records.push(...answer.records)
      const isEnd = answer.records.length === 0 && answer.nextOffset <= offset
      offset = Math.max(offset, answer.nextOffset)
      // Of the same moment as the records: delayed messages arrive meanwhile.
      if (isEnd) return { topic, queueId, fromOffset, maxOffset: answer.maxOffset, records }
    }
  } catch (error) {
    if (error instanceof ResponseError) return undefined
    throw error
  }
}

export async function readQueues(
  client: ObservedBroker,
  topics: readonly ObservedTopic[],
  fromOffsets: ReadonlyMap<string, number> = new Map(),
): Promise<ObservedQueue[]> {
  const queues: ObservedQueue[] = []
  for (const { topic, queues: count } of topics) {
    for (let queueId = 0; queueId < count; queueId++) {
      const queue = await readQueue(client, topic, queueId, fromOffsets.get(queueKey({ topic, queueId })))
      if (queue !== undefined) queues.push(queue)
    }
  }
  return queues
}

/** What the broker knows of every group, topic and queue of a load. */
export async function readOffsets(
  client: ObservedBroker,
  topics: readonly ObservedTopic[],
  groups: readonly string[],
): Promise<ObservedOffset[]> {
  const offsets: ObservedOffset[] = []
  for (const group of groups) {
    for (const { topic, queues } of topics) {
      for (let queueId = 0; queueId < queues; queueId++) {
        offsets.push({ group, topic, queueId, offset: await client.committedOffset(group, topic, queueId) })
      }
    }
  }
  return offsets
}

/**
 * Everything that is in the broker: all records, and the answers to as many queries as are asked for.
 * @param queries of each kind
 * @param hasTimes whether a topic is asked for offsets by time
 */
export async function observe(
  client: ObservedBroker,
  history: History,
  topics: readonly ObservedTopic[],
  random: SeededRandom,
  queries = 100,
  hasTimes: (topic: string) => boolean = () => true,
): Promise<Observation> {
  const queues = await readQueues(client, topics)
  const { topicConfigTable } = await client.topics()
  return {
    queues,
    keyQueries: await askKeys(client, history, random, queries),
    timeQueries: await askTimes(
      client,
      queues.filter(({ topic }) => hasTimes(topic)),
      random,
      queries,
    ),
    topics: new Map([...topicConfigTable].map(([name, { writeQueueNums }]) => [name, writeQueueNums])),
  }
}

async function askKeys(
  client: ObservedBroker,
  { sends }: History,
  random: SeededRandom,
  queries: number,
): Promise<KeyQuery[]> {
  const acknowledged = sends.filter(
    ({ outcome, delayLevel, timedForMs, isInRecord }) =>
      outcome.kind === 'acknowledged' && delayLevel === 0 && timedForMs === 0 && !isInRecord,
  )
  const asked: KeyQuery[] = []
  for (let count = 0; count < queries && acknowledged.length > 0; count++) {
    const { topic, key, id } = random.pick(acknowledged)
    for (const [text, isUnique] of [
      [key, false],
      [id, true],
    ] as const) {
      if (text === undefined) continue
      const found = await client.findByKey(topic, text, isUnique)
      asked.push({ topic, key: text, id, foundIds: found.map((record) => record.id) })
    }
  }
  return asked
}

async function askTimes(
  client: ObservedBroker,
  queues: readonly ObservedQueue[],
  random: SeededRandom,
  queries: number,
): Promise<TimeQuery[]> {
  const filled = queues.filter(
    ({ topic, records }) => records.length > 0 && topic !== scheduleTopic && topic !== timerTopic,
  )
  const asked: TimeQuery[] = []
  for (let count = 0; count < queries && filled.length > 0; count++) {
    const { topic, queueId, records } = random.pick(filled)
    const first = records[0]!.storeTimestamp
    const timestampMs = random.between(first, records.at(-1)!.storeTimestamp)
    for (const boundary of ['lower', 'upper'] as const) {
      const offset = await client.offsetByTime(topic, queueId, timestampMs, boundary)
      asked.push({ topic, queueId, timestampMs, boundary, offset })
    }
  }
  return asked
}
