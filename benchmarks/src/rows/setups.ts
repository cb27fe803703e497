import type { Setup } from './row.ts'

const single = { count: 1, queues: 4 }

/** One broker as most are run: ASYNC_FLUSH, a few topics. */
export const plain: Setup = {
  topics: [
    { name: 'Bench', ...single },
    { name: 'BenchPull', ...single },
    { name: 'BenchTail', ...single },
    { name: 'BenchPush', ...single },
    { name: 'BenchProducer', ...single },
    { name: 'BenchPriority', ...single, attributes: { 'message.type': 'PRIORITY' } },
    { name: 'Bench100x', count: 100, queues: 4 },
    { name: 'BenchPollSmall', count: 1000, queues: 1 },
  ],
}

/** What was given out becomes due a minute later: no other row is measured meanwhile. */
export const popping: Setup = {
  topics: [
    { name: 'Bench', ...single },
    { name: 'BenchPollSmall', count: 1000, queues: 1 },
  ],
}

/** Messages that wait for their time, and nothing else. */
export const timed: Setup = {
  topics: [
    { name: 'Bench', ...single },
    { name: 'BenchTail', ...single },
  ],
}

export const syncFlush: Setup = {
  topics: [{ name: 'Bench', ...single }],
  brokerConfig: { flushDiskType: 'SYNC_FLUSH' },
}

/**
 * The official broker spins one core for good after the first transaction that ends, unless it gathers no ends of
 * transactions: ours is given the same.
 */
export const transactions: Setup = {
  topics: [{ name: 'Bench', ...single }],
  brokerConfig: { transactionOpMsgMaxSize: '1', transactionOpBatchInterval: '100000000' },
}

export const idempotent: Setup = {
  topics: [{ name: 'Bench', ...single }],
  brokerConfig: { idempotentProducerEnable: 'true', idempotentProducerWindow: '1024' },
}

/** One topic, and 10,000 beside it. */
export const tenThousandTopics: Setup = {
  topics: [
    { name: 'Bench', ...single },
    { name: 'Bench10000x', count: 10_000, queues: 1 },
  ],
}

export const fortyThousandQueues: Setup = { topics: [{ name: 'Bench40000x', count: 10_000, queues: 4 }] }

/** In one request so many topics are more than a name server takes (16 MiB). */
export const hundredThousandTopics: Setup = {
  topics: [{ name: 'Bench100000x', count: 100_000, queues: 1 }],
  brokerConfig: { enableSplitRegistration: 'true' },
}

/** For creating topics: none are there. */
export const empty: Setup = { topics: [] }

export const cold: Setup = { topics: [{ name: 'BenchCold', ...single }] }

export const fiveThousandQueues: Setup = { topics: [{ name: 'BenchPoll', count: 5000, queues: 1 }] }

/** An hour at 28,000 messages a second. */
export const grown: Setup = { topics: [{ name: 'BenchGrown', count: 1, queues: 1000 }], grownMessages: 100_000_000 }

export const oneBroker: Setup = { topics: [{ name: 'Bench', ...single }], brokersInOneProcess: 1 }
export const twoBrokers: Setup = { topics: [{ name: 'Bench', ...single }], brokersInOneProcess: 2 }

/** One topic with very many lite topics, which a group consumes. */
export const liteTopics = liteTopicsOf('BenchLite')
/** The same on servers of its own, for ten times as many. */
export const veryManyLiteTopics = liteTopicsOf('BenchLiteMany')

function liteTopicsOf(name: string): Setup {
  return {
    topics: [{ name, ...single, attributes: { 'message.type': 'LITE', 'lite.topic.expiration': '-1' } }],
    groups: [{ name: 'loadgen-lite', attributes: { 'lite.bind.topic': name } }],
    brokerConfig: { enableLmq: 'true', maxLmqConsumeQueueNum: '1000000', maxLiteSubscriptionCount: '1000000' },
    // As files it would have to map one of each queue, which are more than most systems let a process map.
    officialConfig: { storeType: 'defaultRocksDB', enableMultiDispatch: 'true' },
  }
}

/** The last message of each key is kept of one topic, which is compacted all the time. */
export const compacting: Setup = {
  topics: [{ name: 'BenchCompact', ...single, attributes: { 'cleanup.policy': 'COMPACTION' } }],
  brokerConfig: { enableCompaction: 'true', compactionScheduleInternal: '1000' },
}

/** The official broker serves SQL92 only when it is told to. What warms it up goes to another topic than what is read. */
export const filtered: Setup = {
  topics: [
    { name: 'Bench', ...single },
    { name: 'BenchSql', ...single },
  ],
  brokerConfig: { enablePropertyFilter: 'true' },
}
