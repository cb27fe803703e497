import {
  type ObservedOffset,
  type ObservedQueue,
  type ObservedRecord,
  type ObservedTopic,
  queueKey,
  readOffsets,
  readQueues,
} from '@rocketmq-ts/dev-env/checkers'
import type { SubscriptionGroupConfig, TopicConfig } from '@rocketmq-ts/protocol'
import type { BrokerClient } from '../crash/broker-client.ts'

/** What a broker says is in its store. */
export interface Snapshot {
  readonly queues: readonly ObservedQueue[]
  /** Lowest offset by queue. */
  readonly minOffsets: ReadonlyMap<string, number>
  readonly offsets: readonly ObservedOffset[]
  readonly topics: ReadonlyMap<string, TopicConfig>
  readonly groups: ReadonlyMap<string, SubscriptionGroupConfig>
}

/** What the next broker shows differently, by what it is about. Nothing may be. */
export interface Differences {
  readonly records: string[]
  readonly offsets: string[]
  readonly topics: string[]
  readonly groups: string[]
}

/** @param groups whose committed offsets and settings are read */
export async function takeSnapshot(
  client: BrokerClient,
  topics: readonly ObservedTopic[],
  offsetTopics: readonly ObservedTopic[],
  groups: readonly string[],
): Promise<Snapshot> {
  const queues = await readQueues(client, topics)
  const minOffsets = new Map<string, number>()
  for (const queue of queues) minOffsets.set(queueKey(queue), await client.minOffset(queue.topic, queue.queueId))
  const { topicConfigTable } = await client.topics()
  const { subscriptionGroupTable } = await client.groups()
  return {
    queues,
    minOffsets,
    offsets: await readOffsets(client, offsetTopics, groups),
    topics: new Map([...topicConfigTable].filter(([name]) => topics.some(({ topic }) => topic === name))),
    groups: new Map([...subscriptionGroupTable].filter(([name]) => groups.includes(name))),
  }
}

/**
 * Compares what a broker left with what the next one finds. The next one may have delivered delayed messages already:
 * queues may have become longer.
 */
export function compareSnapshots(left: Snapshot, found: Snapshot): Differences {
  return {
    records: compareRecords(left, found),
    offsets: compareLists(
      left.offsets.map(({ group, topic, queueId, offset }) => [`${group} on ${topic}/${queueId}`, offset ?? 0]),
      found.offsets.map(({ group, topic, queueId, offset }) => [`${group} on ${topic}/${queueId}`, offset ?? 0]),
    ),
    topics: compareLists([...left.topics], [...found.topics]),
    groups: compareLists([...left.groups], [...found.groups]),
  }
}

function compareRecords(left: Snapshot, found: Snapshot): string[] {
  const differences: string[] = []
  const foundQueues = new Map(found.queues.map((queue) => [queueKey(queue), queue]))
  for (const queue of left.queues) {
    const key = queueKey(queue)
    const other = foundQueues.get(key)
    if (other === undefined) {
      differences.push(`${key} is gone`)
      continue
    }
    if (left.minOffsets.get(key) !== found.minOffsets.get(key)) {
      differences.push(`${key} begins at ${found.minOffsets.get(key)}, not at ${left.minOffsets.get(key)}`)
    }
    queue.records.forEach((record, index) => {
      const [was, is] = [describeRecord(record), describeRecord(other.records[index])]
      if (was !== is) differences.push(`${key}: ${is}, was ${was}`)
    })
  }
  return differences
}

function describeRecord(record: ObservedRecord | undefined): string {
  if (record === undefined) return 'no record'
  const { id, queueOffset, physicalOffset, recordCrc } = record
  return `${id} at ${queueOffset}, in the log at ${physicalOffset}, checksum ${recordCrc}`
}

function compareLists(left: readonly [string, unknown][], found: readonly [string, unknown][]): string[] {
  const foundByKey = new Map(found.map(([key, value]) => [key, describeValue(value)]))
  return left.flatMap(([key, value]) => {
    const [was, is] = [describeValue(value), foundByKey.get(key)]
    return was === is ? [] : [`${key} is ${is}, was ${was}`]
  })
}

function describeValue(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    part instanceof Map ? Object.fromEntries([...part].sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  )
}
