import { type DecodedMessage, decodeMessages } from '@rocketmq-ts/protocol'
import type { MessageStore } from '../../src/index.ts'
import type { FaultKit } from '../faults/fault-kit.ts'
import { type KitOptions, message, properties } from '../store-kit.ts'

/** Opens a store that has light queues. */
export function lightOpen(kit: FaultKit, changes: Partial<KitOptions> = {}): MessageStore {
  return kit.open({ hasLightQueues: true, ...changes })
}

/** A message that is to stand in light queues. */
export function named(body: string, ...names: string[]): ReturnType<typeof message> {
  return message({ body: Buffer.from(body), properties: properties({ INNER_MULTI_DISPATCH: names.join(',') }) })
}

/** The messages of a queue, from its first to its last one. */
export async function recordsIn(store: MessageStore, topic: string, queueId = 0): Promise<DecodedMessage[]> {
  const records: DecodedMessage[] = []
  let queueOffset = store.minOffset(topic, queueId)
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
    if (result.nextQueueOffset === queueOffset) return records
    for (const part of result.parts) records.push(...decodeMessages(part))
    queueOffset = result.nextQueueOffset
  }
}

export async function bodiesIn(store: MessageStore, topic: string): Promise<string[]> {
  return (await recordsIn(store, topic)).map(({ body }) => body.toString())
}

/** Where a message says that it stands: its offset by light queue. */
export function lightOffsetsOf(text: string): ReadonlyMap<string, number> {
  const pairs = new Map(text.split('\u0002').map((pair) => pair.split('\u0001') as [string, string]))
  const offsets = (pairs.get('INNER_MULTI_QUEUE_OFFSET') ?? '').split(',').map(Number)
  const named = (pairs.get('INNER_MULTI_DISPATCH') ?? '').split(',')
  return new Map(pairs.has('INNER_MULTI_QUEUE_OFFSET') ? named.map((name, index) => [name, offsets[index]!]) : [])
}

/** Files of the log go a minute after their last message, looked for every 10 s; however full the disk is. */
export const keptForAMinute = {
  retentionIntervalMs: 10_000,
  retentionRules: () => ({
    reservedMs: 60_000,
    deleteHours: [],
    cleanRatio: 2,
    forceRatio: 2,
    fullRatio: 2,
    mayForce: false,
  }),
} satisfies Partial<KitOptions>
