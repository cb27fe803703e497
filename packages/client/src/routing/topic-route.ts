import { type BrokerData, logicalQueues, permission, type TopicRoute as RouteBody } from '@rocketmq-ts/protocol'

/** One queue of a topic. */
export interface QueueRef {
  readonly topic: string
  /** The broker's name; of a static topic's queue the one that leads it now. */
  readonly broker: string
  readonly queueId: number
}

/** One text for each queue. */
export function queueKey({ topic, broker, queueId }: QueueRef): string {
  return `${topic} ${broker} ${queueId}`
}

/** The id of the broker of a name that takes writes. */
export const masterId = 0

/** Where a topic's queues are. */
export interface TopicRoute {
  readonly topic: string
  /** Queues that take messages, by the names of their brokers, then by number: every client has the same order. */
  readonly writeQueues: readonly QueueRef[]
  /** Queues that give messages, in the same order. */
  readonly readQueues: readonly QueueRef[]
  readonly brokers: ReadonlyMap<string, BrokerData>
  /** Names of brokers that have messages, in their order; of a static topic also those that lead no queue of it now. */
  readonly readBrokers: readonly string[]
  /** What clients call the broker of all queues of a static topic; undefined for an ordinary one. */
  readonly logicalBroker?: string | undefined
}

export function topicRoute(topic: string, body: RouteBody): TopicRoute {
  const { queueDatas, brokerDatas, orderTopicConf } = body
  const brokers = new Map(brokerDatas.map((broker) => [broker.brokerName, broker]))
  const sorted = queueDatas.toSorted((one, other) => (one.brokerName < other.brokerName ? -1 : 1))
  const ordered = orderedQueues(orderTopicConf)
  const writeQueues: QueueRef[] = []
  const readQueues: QueueRef[] = []
  for (const { brokerName: broker, perm, readQueueNums, writeQueueNums } of sorted) {
    const addresses = brokers.get(broker)?.brokerAddrs
    if (addresses === undefined || addresses.size === 0) continue
    const isWritten = (perm & permission.write) !== 0 && addresses.has(masterId)
    const writeCount = ordered === undefined ? writeQueueNums : (ordered.get(broker) ?? 0)
    if (isWritten) addQueues(writeQueues, topic, broker, writeCount)
    if ((perm & permission.read) !== 0) addQueues(readQueues, topic, broker, readQueueNums)
  }
  const readBrokers = [...new Set(readQueues.map(({ broker }) => broker))]
  const logical = logicalQueues(body)
  if (logical === undefined) return { topic, writeQueues, readQueues, brokers, readBrokers }
  // In the order of the queues' ids, which stay when a queue moves to another broker.
  const queues = logical
    .filter(({ leader }) => brokers.get(leader)?.brokerAddrs.has(masterId))
    .map(({ leader, queueId }) => ({ topic, broker: leader, queueId }))
  const logicalBroker = logical[0]?.brokerName
  return { topic, writeQueues: queues, readQueues: queues, brokers, readBrokers, logicalBroker }
}

/**
 * The queues that a topic will get when its first message makes it: what the route of the default topic says, with no
 * more queues on a broker than the message asks for.
 */
export function routeToBe(topic: string, ofDefaultTopic: TopicRoute, queuesMax: number): TopicRoute {
  const writeQueues = ofDefaultTopic.writeQueues
    .filter(({ queueId }) => queueId < queuesMax)
    .map((queue) => ({ ...queue, topic }))
  return { topic, writeQueues, readQueues: [], brokers: ofDefaultTopic.brokers, readBrokers: [] }
}

/** `broker-a:4;broker-b:4`: the queues of an ordered topic on each broker, which stay when a broker is down. */
function orderedQueues(text: string | undefined): Map<string, number> | undefined {
  if (text === undefined || text === '') return undefined
  const counts = new Map<string, number>()
  for (const part of text.split(';')) {
    const colon = part.lastIndexOf(':')
    const count = Number(part.slice(colon + 1))
    if (colon > 0 && Number.isInteger(count) && count > 0) counts.set(part.slice(0, colon), count)
  }
  return counts
}

function addQueues(queues: QueueRef[], topic: string, broker: string, count: number): void {
  for (let queueId = 0; queueId < count; queueId++) queues.push({ topic, broker, queueId })
}
