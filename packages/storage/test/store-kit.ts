import { createNodePlatform, type Platform, silentLog } from '@rocketmq-ts/platform'
import { EncodedProperties, encodeBatchBody, encodeHost, encodeMessageProperties, sysFlag } from '@rocketmq-ts/protocol'
import {
  type LiveStoreOptions,
  MessageStore,
  type PutOutcome,
  type PutPlace,
  type QueueTypes,
  type RetentionRules,
  type StoreMessage,
  type StoreOptions,
} from '../src/index.ts'

const host = encodeHost('127.0.0.1', 10911)

const liveDefaults: Omit<LiveStoreOptions, 'retention'> = {
  flushMode: 'ASYNC_FLUSH',
  flushIntervalMs: 500,
  syncTimeoutMs: 5000,
  queueWriteIntervalMs: 1000,
  queueSyncIntervalMs: 60_000,
  isKeyIndexEnabled: true,
  lightQueuesMax: Number.POSITIVE_INFINITY,
  retentionIntervalMs: 10_000,
}

function keepEverything(): RetentionRules {
  return { reservedMs: 3_600_000, deleteHours: [], cleanRatio: 2, forceRatio: 2, fullRatio: 2, mayForce: true }
}

/** What a test's store is set up with: live options stand among the others, and are read anew when they are changed. */
export type KitOptions = Omit<StoreOptions, 'live'> &
  Omit<LiveStoreOptions, 'retention'> & { retentionRules(): RetentionRules }

/** A store with small files in a folder. */
export function openStore(path: string, changes: Partial<KitOptions> = {}): MessageStore {
  const platform: Platform = createNodePlatform()
  const live = (): LiveStoreOptions => {
    const { retentionRules = keepEverything, ...others } = changes
    return { ...liveDefaults, ...others, retention: retentionRules() }
  }
  return MessageStore.open({
    platform,
    log: silentLog,
    processId: process.pid,
    rootPath: path,
    commitLogPath: `${path}/commitlog`,
    commitLogSegmentBytes: 64 * 1024,
    consumeQueueSegmentBytes: 20 * 50,
    batchQueueSegmentBytes: 46 * 50,
    keyIndex: { slotCount: 97, entryCountMax: 400 },
    live,
    checkCrcOnRecover: true,
    delayLevelsMs: [1000, 5000],
    tailBytesMax: 2 * 1024 * 1024,
    readCacheBytesMax: 4 * 1024 * 1024,
    openFilesMax: 16,
    checksMemoryUse: true,
    ...changes,
  })
}

export function message(
  changes: Partial<Omit<StoreMessage, 'properties'>> & { properties?: string } = {},
): StoreMessage {
  return {
    topic: 'T1',
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.from('hello'),
    ...changes,
    properties: EncodedProperties.ofText(changes.properties ?? ''),
  }
}

export function properties(values: Record<string, string>): string {
  return encodeMessageProperties(Object.entries(values))
}

/** Topics whose names begin with this have queues of batches, for `batchTopics`. */
const batchTopicStart = 'Batch'

/** For a store's option `queueTypes`. */
export const batchTopics: QueueTypes = {
  of: (topic) => (topic.startsWith(batchTopicStart) ? 'BatchCQ' : 'SimpleCQ'),
  hasBatches: true,
}

/** A batch that is to be stored whole, of messages whose bodies are numbers. */
export function wholeBatch(
  first: number,
  count: number,
  changes: Partial<Omit<StoreMessage, 'properties'>> & { properties?: string } = {},
): StoreMessage {
  const messages = Array.from({ length: count }, (_, index) => ({
    flag: 0,
    body: Buffer.from(String(first + index)),
    propertiesBytes: Buffer.alloc(0),
  }))
  return message({
    topic: 'Batch',
    sysFlag: sysFlag.innerBatch | sysFlag.needUnwrap,
    body: encodeBatchBody(messages),
    properties: properties({ UNIQ_KEY: `U${first}` }),
    ...changes,
  })
}

/** Puts and waits for the outcome. */
export function put(store: MessageStore, ...messages: StoreMessage[]): Promise<PutOutcome> {
  return new Promise((resolve) => store.put(messages, resolve))
}

export async function putAll(store: MessageStore, messages: StoreMessage[]): Promise<PutPlace[]> {
  const outcomes = await Promise.all(messages.map((one) => put(store, one)))
  return outcomes.map((outcome) => {
    if (outcome.kind !== 'stored') throw new Error(`not stored: ${JSON.stringify(outcome)}`)
    return outcome.places[0]!
  })
}
