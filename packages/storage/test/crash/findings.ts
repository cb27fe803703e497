import { decodeMessages, findMessageProperty } from '@rocketmq-ts/protocol'
import type { MessageStore } from '../../src/index.ts'
import type { Findings, Found } from './history.ts'

const queuesPerTopic = 2

/** Reads all queues of a store from their first to their last message. */
export async function findingsOf(store: MessageStore): Promise<Findings> {
  const queues: Findings['queues'] = []
  for (const topic of [...store.topicsWithQueues(), ...store.lightQueueNames()]) {
    for (let queueId = 0; queueId < queuesPerTopic; queueId++) {
      // An empty queue of batches begins at -1.
      const minOffset = Math.max(0, store.minOffset(topic, queueId))
      const maxOffset = store.maxOffset(topic, queueId)
      const messages = await messagesOf(store, topic, queueId, minOffset)
      queues.push({ topic, queueId, minOffset, maxOffset, messages })
    }
  }
  return {
    minPosition: store.positions.min,
    queues,
    positionsByKey: ({ topic, key }) => store.findByKey(topic, key, 'key', 64, 0, Number.MAX_SAFE_INTEGER),
  }
}

async function messagesOf(store: MessageStore, topic: string, queueId: number, from: number): Promise<Found[]> {
  const found: Found[] = []
  let queueOffset = from
  for (;;) {
    const result = await store.read({
      topic,
      queueId,
      queueOffset,
      countMax: 32,
      scannedUnitsMax: 800,
      bytesMax: 256 * 1024,
      matches: () => true,
    })
    if (result.nextQueueOffset === queueOffset) return found
    for (const part of result.parts) {
      for (const decoded of decodeMessages(part)) {
        found.push({
          topic: decoded.topic,
          queueId: decoded.queueId,
          queueOffset: decoded.queueOffset,
          count: Number(findMessageProperty(decoded.properties, 'INNER_NUM') ?? 1),
          physicalOffset: decoded.physicalOffset,
          totalSize: decoded.totalSize,
          storeTimestamp: decoded.storeTimestamp,
          body: decoded.body.toString(),
          properties: withoutPlace(decoded.properties, decoded.queueOffset),
        })
      }
    }
    queueOffset = result.nextQueueOffset
  }
}

/** What was put, without what the store added to a batch. */
function withoutPlace(properties: string, queueOffset: number): string {
  return properties.replace(new RegExp(`INNER_NUM\u0001\\d+\u0002INNER_BASE\u0001${queueOffset}\u0002$`), '')
}
