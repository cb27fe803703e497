import type { Row } from './row.ts'
import { empty, plain, tenThousandTopics } from './setups.ts'

/** The rows that the design has figures for. */
export const designRows: Row[] = [
  {
    id: 'send',
    title: 'send, 16 connections x 32 in flight, 128 bytes',
    setup: plain,
    load: { kind: 'generator', command: 'send', flags: { topic: 'Bench', connections: 16, 'in-flight': 32 } },
    goals: [
      { metric: 'rate', ratioAtLeast: 2 },
      { metric: 'cpuMicros', atMost: 9 },
    ],
    quick: {},
  },
  {
    id: 'send-1',
    title: 'send, 1 in flight, 128 bytes',
    setup: plain,
    load: { kind: 'generator', command: 'send', flags: { topic: 'Bench', connections: 1, 'in-flight': 1 } },
    goals: [
      { metric: 'p50Ms', ratioAtMost: 0.5 },
      { metric: 'cpuMicros', ratioAtMost: 0.5 },
    ],
    mostlyWakes: true,
    quick: {},
  },
  {
    id: 'send-1k',
    title: 'send, 4 connections x 64 in flight, 1 KiB',
    setup: plain,
    load: {
      kind: 'generator',
      command: 'send',
      flags: { topic: 'Bench', connections: 4, 'in-flight': 64, size: 1024 },
    },
    goals: [
      { metric: 'rate', ratioAtLeast: 1.7 },
      { metric: 'cpuMicros', atMost: 11 },
    ],
    quick: {},
  },
  {
    id: 'topics-10000',
    title: 'send over 10,000 topics, a queue of each, 16 x 32',
    setup: tenThousandTopics,
    load: {
      kind: 'generator',
      command: 'send',
      flags: { topic: 'Bench10000x', topics: 10_000, queues: 1, connections: 16, 'in-flight': 32 },
    },
    goals: [{ metric: 'rate', ratioAtLeast: 0.85, ofRow: 'topics-1' }],
  },
  {
    id: 'create',
    title: 'create 10,000 topics, one after the other',
    setup: empty,
    load: { kind: 'generator', command: 'create', flags: { topic: 'Created', count: 10_000 } },
    goals: [{ metric: 'rate', atLeast: 3334 }],
    seconds: 55,
    rounds: 1,
    unit: 'topics',
  },
  {
    id: 'pull',
    title: 'pull, 32 a request, 4 connections x 4 in flight',
    setup: plain,
    load: {
      kind: 'generator',
      command: 'pull',
      flags: { topic: 'BenchPull', connections: 4, 'in-flight': 4, max: 32 },
      fill: 300_000,
    },
    goals: [{ metric: 'rate', ratioAtLeast: 1.5 }],
    quick: {},
  },
  {
    id: 'start',
    title: 'start to the first accepted message',
    setup: plain,
    load: { kind: 'fresh', flags: { connections: 16, 'in-flight': 32 } },
    goals: [{ metric: 'seconds', atMost: 1 }],
    shows: ['seconds'],
    rounds: 1,
    quick: {},
  },
  {
    id: 'memory',
    title: 'resident memory, idle and under load (16 x 32)',
    setup: plain,
    load: { kind: 'fresh', flags: { connections: 16, 'in-flight': 32 } },
    goals: [
      { metric: 'idleRssMb', atMost: 120 },
      { metric: 'rssMb', atMost: 250 },
    ],
    shows: ['idleRssMb', 'rssMb', 'anonymousMb', 'errorShare', 'firstError'],
    rounds: 1,
    quick: {},
  },
]
