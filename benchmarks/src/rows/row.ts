import type { Goal } from '../figures/goals.ts'
import type { Figures } from '../figures/measurement.ts'

/** Topics that are there when the broker starts; with a count above 1 the names have a number appended, from 0. */
export interface TopicSetup {
  name: string
  count: number
  queues: number
  attributes?: Record<string, string>
}

/** A consumer group that is there when the broker starts. */
export interface GroupSetup {
  name: string
  attributes: Record<string, string>
}

/** What the servers of a row are started with. Rows with equal set-ups share their servers. */
export interface Setup {
  topics: TopicSetup[]
  groups?: GroupSetup[]
  /** Keys of broker.conf beyond those of every run. */
  brokerConfig?: Record<string, string>
  /** Further keys of the official broker alone. */
  officialConfig?: Record<string, string>
  /** The store is made before the start: consume queues of so many messages over the first topic's queues. */
  grownMessages?: number
  /** Brokers in one process of `rocketmq start`; undefined: one broker, alone in its process. */
  brokersInOneProcess?: number
}

export type Flags = Record<string, string | number | true>

/** What is done to a broker while its figures are taken. */
export type Load =
  /** A command of the load generator. `fill`: messages that the topic gets before, for pulls and POP. */
  | {
      kind: 'generator'
      command: 'send' | 'transact' | 'reply' | 'pull' | 'pop' | 'poll' | 'create'
      flags: Flags
      fill?: number
    }
  /** A broker of its own is started: time to the first accepted message, memory before and under load. */
  | { kind: 'fresh'; flags: Flags }
  /** The broker is stopped, the system forgets the store's files, the broker is started, and then it is read. */
  | { kind: 'cold'; flags: Flags; fill: number }
  /** The official Java client: a producer at a rate and a push consumer in one process. */
  | { kind: 'push'; topic: string; messagesPerSecond: number }
  /** A program of `org.apache.rocketmq.example.benchmark`. */
  | { kind: 'official-program'; program: 'Producer' | 'BatchProducer'; threads: number; topic: string }
  /** Time until the grown store is served, and memory after messages to all its queues. */
  | { kind: 'grown'; flags: Flags }

export interface Row {
  /** What `--only` takes. */
  id: string
  title: string
  setup: Setup
  load: Load
  goals: Goal[]
  /** Measured seconds of a slice where the default does not suit. */
  seconds?: number
  /** Slices a target where the default does not suit. */
  rounds?: number
  /** What `--quick` does instead; left out of it when undefined. */
  quick?: { flags?: Flags; seconds?: number }
  /** Only ours is measured, for the reason that is given. */
  oursOnly?: string
  /** What is missing before it can be measured at all: the row is shown as such. */
  missing?: string
  /** The broker gets one message at a time, so most of its processor time is what the system takes to wake it. */
  mostlyWakes?: true
  /** Only these of the figures that the load gives. */
  shows?: (keyof Figures)[]
  /** What stands in place of messages in the rate. */
  unit?: string
}
