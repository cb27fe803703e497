import type { QueueRef } from '../routing/topic-route.ts'

/** A broker as name servers know it. */
export interface BrokerDescription {
  readonly name: string
  readonly cluster: string
  /** `host:port` by broker id; 0 takes writes. */
  readonly addresses: ReadonlyMap<number, string>
}

export interface TopicSettings {
  /** Queues on each broker. Default 4. */
  readonly queues?: number | undefined
  /** What clients may do: `read`, `write` or both. Default both. */
  readonly access?: 'read' | 'write' | 'readWrite' | undefined
  /** Whether its queues stay in the route when their broker is down. Default false. */
  readonly order?: boolean | undefined
  /** RocketMQ's attributes, such as `message.type`. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
  /** Names of the brokers; all of them without it. */
  readonly brokers?: readonly string[] | undefined
}

/** What a topic's queue holds. */
export interface QueueRange {
  readonly queue: QueueRef
  /** The first offset that is there, and the one that the next message gets. */
  readonly minOffset: number
  readonly maxOffset: number
  /** When the newest message was stored, in milliseconds since 1970; undefined for an empty queue. */
  readonly lastStoredTimestamp: number | undefined
}

export interface TopicDescription {
  readonly topic: string
  readonly queues: readonly QueueRange[]
  /** Groups that have consumed it. */
  readonly groups: readonly string[]
}

/** A client that is connected to a broker. */
export interface ConnectedClient {
  readonly clientId: string
  readonly address: string
  readonly language: string
  /** The ordinal of RocketMQ's list of versions. */
  readonly version: number
}

export interface GroupDescription {
  readonly group: string
  /** Its members at the moment, each once. */
  readonly members: readonly ConnectedClient[]
  /** What they subscribe to: filters by topic. */
  readonly subscriptions: Readonly<Record<string, string>>
  readonly isBroadcast: boolean
}

export interface GroupSettings {
  /** Deliveries after the first one. Default 16. */
  readonly retriesMax?: number | undefined
  /** Whether members may consume. Default true. */
  readonly consumeEnabled?: boolean | undefined
  /** Whether members handle messages in order. Default false. */
  readonly order?: boolean | undefined
  /** Names of the brokers; all of them without it. */
  readonly brokers?: readonly string[] | undefined
}

/** How far a group is in a queue. */
export interface QueueProgress {
  readonly queue: QueueRef
  /** Of the next message that the group has not done. */
  readonly groupOffset: number
  /** Of the next message that is stored. */
  readonly endOffset: number
  readonly lag: number
  /** When the newest message that was done was stored, in milliseconds since 1970; undefined when there is none. */
  readonly lastDoneTimestamp: number | undefined
}

/** Where a group went on, and where it goes on now. */
export interface OffsetChange {
  readonly queue: QueueRef
  /** Undefined when the group was never in the queue. */
  readonly before: number | undefined
  readonly after: number
}
