import type { Goal } from '../figures/goals.ts'
import type { Flags, Row } from './row.ts'
import {
  cold,
  compacting,
  filtered,
  fiveThousandQueues,
  fortyThousandQueues,
  grown,
  hundredThousandTopics,
  idempotent,
  liteTopics,
  oneBroker,
  plain,
  popping,
  syncFlush,
  tenThousandTopics,
  timed,
  transactions,
  twoBrokers,
  veryManyLiteTopics,
} from './setups.ts'

/** What every row that the design has no figure for has to reach. */
const halfTheCpu: Goal[] = [
  { metric: 'cpuMicros', ratioAtMost: 0.5 },
  { metric: 'p99Ms', ratioAtMost: 1 },
]

/** For rows whose requests take no measurable time on their own. */
const cpuAlone: Goal[] = [{ metric: 'cpuMicros', ratioAtMost: 0.5 }]

const send = (flags: Flags): Row['load'] => ({ kind: 'generator', command: 'send', flags })
const pop = (flags: Flags): Row['load'] => ({
  kind: 'generator',
  command: 'pop',
  flags: { topic: 'BenchPull', ...flags },
  fill: 300_000,
})
const wide = { connections: 16, 'in-flight': 32 }
const manyFilesReason =
  'the official broker keeps a file open for each queue, and these are more than most systems let a process open'
const twoBrokerReason = 'the official broker is one to a process'

export const moreRows: Row[] = [
  {
    id: 'sync-64',
    title: 'SYNC_FLUSH, 4 x 16 in flight',
    setup: syncFlush,
    load: send({ topic: 'Bench', connections: 4, 'in-flight': 16 }),
    goals: halfTheCpu,
  },
  {
    id: 'sync-1024',
    title: 'SYNC_FLUSH, 16 x 64 in flight',
    setup: syncFlush,
    load: send({ topic: 'Bench', connections: 16, 'in-flight': 64 }),
    goals: halfTheCpu,
  },
  {
    id: 'send-rate',
    title: 'send at 5,000/s (latency from when each was due)',
    setup: plain,
    load: send({ topic: 'Bench', connections: 4, rate: 5000 }),
    goals: halfTheCpu,
  },
  {
    id: 'one-way',
    title: 'one-way at 20,000/s (what was stored)',
    setup: plain,
    load: send({ topic: 'Bench', connections: 4, rate: 20_000, 'one-way': true }),
    goals: cpuAlone,
  },
  {
    id: 'batch-32',
    title: 'batches of 32, 4 x 4 in flight',
    setup: plain,
    load: send({ topic: 'Bench', connections: 4, 'in-flight': 4, batch: 32 }),
    goals: halfTheCpu,
  },
  {
    id: 'topics-1',
    title: 'send over 1 topic, with 10,000 others there',
    setup: tenThousandTopics,
    load: send({ topic: 'Bench', ...wide }),
    goals: halfTheCpu,
  },
  {
    id: 'queues-40000',
    title: 'send over 10,000 topics, four queues of each, 16 x 32',
    setup: fortyThousandQueues,
    load: send({ topic: 'Bench40000x', topics: 10_000, ...wide }),
    goals: [{ metric: 'rate', ratioAtLeast: 0.85, ofRow: 'topics-1' }],
    oursOnly: manyFilesReason,
  },
  {
    id: 'topics-100',
    title: 'send over 100 topics',
    setup: plain,
    load: send({ topic: 'Bench100x', topics: 100, ...wide }),
    goals: halfTheCpu,
  },
  {
    id: 'topics-100000',
    title: 'send over 100,000 topics, a queue of each',
    setup: hundredThousandTopics,
    load: send({ topic: 'Bench100000x', topics: 100_000, queues: 1, ...wide }),
    goals: halfTheCpu,
    oursOnly: manyFilesReason,
  },
  {
    id: 'transaction',
    title: 'transactions, 4 connections x 16 under way: a half message, and its commit',
    setup: transactions,
    load: { kind: 'generator', command: 'transact', flags: { topic: 'Bench', connections: 4, 'in-flight': 16 } },
    goals: halfTheCpu,
    unit: 'transactions',
  },
  {
    id: 'pop-32',
    title: 'POP, 32 a request, 4 connections x 4 under way: given out, and each message acknowledged',
    setup: plain,
    load: pop({ connections: 4, 'in-flight': 4, max: 32 }),
    goals: halfTheCpu,
  },
  {
    id: 'pop-1',
    title: 'POP, 1 a request, 4 connections x 16 under way: given out, and acknowledged',
    setup: plain,
    load: pop({ connections: 4, 'in-flight': 16, max: 1 }),
    goals: halfTheCpu,
  },
  {
    id: 'pop-1000',
    title: '1,000 consumers wait by POP on topics of their own, 2,000/s: given out, and acknowledged',
    setup: popping,
    load: {
      kind: 'generator',
      command: 'poll',
      flags: {
        topic: 'BenchPollSmall',
        topics: 1000,
        queues: 1,
        consumers: 1000,
        connections: 4,
        rate: 2000,
        popping: true,
      },
    },
    goals: halfTheCpu,
  },
  ...[10_000, 100_000].map((lite): Row => {
    const count = lite.toLocaleString('en')
    const setup = lite === 10_000 ? liteTopics : veryManyLiteTopics
    return {
      id: `lite-${lite}`,
      title: `${count} lite topics of one message each, then 2,000/s over all of them to 100 consumers that wait`,
      setup,
      load: {
        kind: 'generator',
        command: 'poll',
        flags: { topic: setup.topics[0]!.name, lite, consumers: 100, connections: 4, rate: 2000 },
        fill: lite,
      },
      goals: halfTheCpu,
    }
  }),
  {
    id: 'compaction',
    title: 'send at 20,000/s messages of 50,000 keys to a topic that is compacted each second',
    setup: compacting,
    load: send({ topic: 'BenchCompact', connections: 4, rate: 20_000, keys: 50_000 }),
    goals: halfTheCpu,
  },
  {
    id: 'reply',
    title: 'replies, 4 connections x 16 under way: pushed to the client that asked, which takes them',
    setup: plain,
    load: {
      kind: 'generator',
      command: 'reply',
      flags: { topic: 'Bench', connections: 4, 'in-flight': 16 },
    },
    goals: halfTheCpu,
    unit: 'replies',
  },
  {
    id: 'priority',
    title: 'send, 16 x 32, messages of four priorities in turn',
    setup: plain,
    load: send({ topic: 'BenchPriority', ...wide, priorities: 4 }),
    goals: halfTheCpu,
  },
  {
    id: 'idempotent',
    title: 'send, 16 x 32, messages that their producers have numbered',
    setup: idempotent,
    load: send({ topic: 'Bench', ...wide, numbered: true }),
    goals: [],
    oursOnly: 'the official broker has no such messages',
  },
  {
    id: 'pull-tail',
    title: 'send and pull at the tail, 5,000/s, 4 consumers',
    setup: plain,
    load: {
      kind: 'generator',
      command: 'poll',
      flags: { topic: 'BenchTail', consumers: 4, connections: 4, rate: 5000 },
    },
    goals: halfTheCpu,
    mostlyWakes: true,
    quick: {},
  },
  {
    id: 'timers-put',
    title: 'send messages that are due in an hour, 20,000/s',
    setup: timed,
    load: send({ topic: 'Bench', connections: 4, rate: 20_000, delay: 3_600_000 }),
    goals: halfTheCpu,
  },
  {
    id: 'timers-due',
    title: 'send messages that are due in 3 s, 20,000/s, 4 consumers (latency from when each was due)',
    setup: timed,
    load: {
      kind: 'generator',
      command: 'poll',
      flags: { topic: 'BenchTail', consumers: 4, connections: 4, rate: 20_000, delay: 3000 },
    },
    goals: [...halfTheCpu, { metric: 'p99Ms', atMost: 2000 }],
  },
  {
    id: 'timers-due-1000',
    title: 'send messages that are due in 3 s, 1,000/s, 4 consumers (latency from when each was due, precision 1 s)',
    setup: timed,
    load: {
      kind: 'generator',
      command: 'poll',
      flags: { topic: 'BenchTail', consumers: 4, connections: 4, rate: 1000, delay: 3000 },
    },
    goals: [...halfTheCpu, { metric: 'p99Ms', atMost: 1050 }],
    mostlyWakes: true,
  },
  {
    id: 'pull-cold',
    title: 'pull from files that the system has not cached',
    setup: cold,
    load: {
      kind: 'cold',
      flags: { topic: 'BenchCold', connections: 4, 'in-flight': 1, max: 32 },
      fill: 1_500_000,
    },
    goals: halfTheCpu,
    rounds: 1,
  },
  {
    id: 'pull-sql',
    title: 'pull by an SQL92 expression that 1 of 10 messages matches, 4 x 4 (messages looked at)',
    setup: filtered,
    load: {
      kind: 'generator',
      command: 'pull',
      flags: { topic: 'BenchSql', connections: 4, 'in-flight': 4, max: 32, sql: 'n = 7' },
      fill: 300_000,
    },
    goals: halfTheCpu,
  },
  {
    id: 'poll-1000',
    title: '1,000 consumers wait on queues of their own, 2,000/s',
    setup: plain,
    load: {
      kind: 'generator',
      command: 'poll',
      flags: { topic: 'BenchPollSmall', topics: 1000, queues: 1, consumers: 1000, connections: 4, rate: 2000 },
    },
    goals: halfTheCpu,
  },
  {
    id: 'poll-5000',
    title: '5,000 consumers wait on queues of their own, 2,000/s',
    setup: fiveThousandQueues,
    load: {
      kind: 'generator',
      command: 'poll',
      flags: { topic: 'BenchPoll', topics: 5000, queues: 1, consumers: 5000, connections: 4, rate: 2000 },
    },
    goals: halfTheCpu,
  },
  ...[1000, 10_000].map(
    (messagesPerSecond): Row => ({
      id: `push-${messagesPerSecond}`,
      title: `official Java client, send to push handler, ${messagesPerSecond.toLocaleString('en')}/s`,
      setup: plain,
      load: { kind: 'push', topic: 'BenchPush', messagesPerSecond },
      goals: halfTheCpu,
    }),
  ),
  ...(['Producer', 'BatchProducer'] as const).flatMap((program) =>
    [1, 64].map(
      (threads): Row => ({
        id: `official-${program === 'Producer' ? '' : 'batch-'}producer-${threads}`,
        title: `official benchmark ${program}, ${threads} thread${threads === 1 ? '' : 's'}`,
        setup: plain,
        load: { kind: 'official-program', program, threads, topic: 'BenchProducer' },
        goals: cpuAlone,
        rounds: 1,
      }),
    ),
  ),
  {
    id: 'grown',
    title: 'start and memory with 100 million messages in consume queues',
    setup: grown,
    load: { kind: 'grown', flags: { topic: 'BenchGrown', queues: 1000, ...wide } },
    goals: [{ metric: 'rssMb', atMost: 250 }],
    rounds: 1,
  },
  {
    id: 'brokers-1',
    title: 'one broker in one process, 16 x 32',
    setup: oneBroker,
    load: send({ topic: 'Bench', ...wide }),
    goals: [],
    oursOnly: twoBrokerReason,
  },
  {
    id: 'brokers-2',
    title: 'two brokers in one process, 16 x 32',
    setup: twoBrokers,
    load: send({ topic: 'Bench', ...wide }),
    goals: [{ metric: 'rate', ratioAtLeast: 1, ofRow: 'brokers-1' }],
    oursOnly: twoBrokerReason,
  },
]
