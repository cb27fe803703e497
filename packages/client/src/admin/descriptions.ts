import type { StartPosition } from '../reading/queue-positions.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'

/** A broker as name servers know it. */
export interface BrokerDescription {
  readonly name: string
  readonly cluster: string
  /** `host:port` by broker id; 0 takes writes. */
  readonly addresses: ReadonlyMap<number, string>
}

/** What clients may do in a topic. */
export type TopicAccess = 'read' | 'write' | 'readWrite' | 'none'

export interface TopicSettings {
  /** Queues on each broker. Default 4. */
  readonly queues?: number | undefined
  /** Queues on each broker that give messages, where they are not as many as those that take them. */
  readonly readQueues?: number | undefined
  /** Queues on each broker that take messages. */
  readonly writeQueues?: number | undefined
  /** Default `readWrite`. */
  readonly access?: TopicAccess | undefined
  /** Whether its queues stay in the route when their broker is down. Default false. */
  readonly order?: boolean | undefined
  /** RocketMQ's attributes, such as `message.type`. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
  /** The topic has lite topics: its attributes `message.type` and `lite.topic.expiration`. */
  readonly lite?: LiteTopicSettings | undefined
  /** Names of the brokers; all of them without it. */
  readonly brokers?: readonly string[] | undefined
}

export interface LiteTopicSettings {
  /** Minutes after which an unused lite topic goes, with its messages; at most 43,200 (30 days). -1, the default, keeps them. */
  readonly expirationMinutes?: number | undefined
}

/** What is to be different in a topic. What is not given stays. */
export interface TopicChanges extends Omit<TopicSettings, 'attributes'> {
  /** RocketMQ's attributes; null takes one away. */
  readonly attributes?: Readonly<Record<string, string | null>> | undefined
}

/** A topic's settings on one broker. */
export interface TopicConfiguration {
  readonly broker: string
  readonly readQueues: number
  readonly writeQueues: number
  readonly access: TopicAccess
  readonly order: boolean
  readonly attributes: Readonly<Record<string, string>>
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

/** A connection of a group's member to one broker. */
export interface MemberConnection extends ConnectedClient {
  readonly broker: string
}

export interface GroupDescription {
  readonly group: string
  /** Its members at the moment, each once. */
  readonly members: readonly ConnectedClient[]
  /** Each connection that a broker has of them. */
  readonly connections: readonly MemberConnection[]
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
  /** Whether members may broadcast. Default true. */
  readonly broadcastEnabled?: boolean | undefined
  /** Queues of its retry topic. Default 1. */
  readonly retryQueues?: number | undefined
  /** The group consumes lite topics of a topic: its attributes `lite.…`. What is not given of them stays. */
  readonly lite?: LiteGroupSettings | undefined
  /** Names of the brokers; all of them without it. */
  readonly brokers?: readonly string[] | undefined
}

/** How a group consumes lite topics. */
export interface LiteGroupSettings {
  /** The topic that has them. Needed where the group has none yet. */
  readonly topic?: string | undefined
  /** A lite topic has one member at a time: the last one that subscribes to it. Default false: its subscribers share it. */
  readonly exclusive?: boolean | undefined
  /** Members take all lite topics of the topic, and subscribe to none. Default false. */
  readonly wildcard?: boolean | undefined
  /** Lite topics that a member may subscribe to; -1 for any number. Default 2000. */
  readonly subscriptionsMax?: number | undefined
  /** Lite topics that wait for a member to ask, at least 10; the others follow as these are taken. */
  readonly eventsMax?: number | undefined
  /** The group begins anew in a lite topic that another member takes over. Default false. */
  readonly resetWhenTakenOver?: boolean | undefined
  /** The group begins anew in a lite topic that a member does not want any more. Default false. */
  readonly resetOnUnsubscribe?: boolean | undefined
}

/** A group's settings on one broker. */
export interface GroupConfiguration {
  readonly broker: string
  readonly retriesMax: number
  readonly consumeEnabled: boolean
  readonly order: boolean
  readonly broadcastEnabled: boolean
  readonly retryQueues: number
  /** Undefined for a group that consumes no lite topics. */
  readonly lite: LiteGroupSettings | undefined
}

/** How far a group is in a queue. */
export interface QueueProgress {
  readonly queue: QueueRef
  /** Of the next message that the group has not done. */
  readonly groupOffset: number
  /** Of the next message that is stored. */
  readonly endOffset: number
  readonly lag: number
  /**
   * Of the next message that no member has got yet: those before it that are not done are being handled. Undefined where
   * all groups were asked for: brokers do not tell it then.
   */
  readonly deliveredOffset: number | undefined
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

/** How far a group is in all of its queues. */
export interface GroupProgress {
  readonly group: string
  readonly queues: readonly QueueProgress[]
}

/** A producer that is connected to a broker. */
export interface ConnectedProducer extends ConnectedClient {
  readonly group: string
  readonly broker: string
  /** The last heartbeat, in milliseconds since 1970. */
  readonly lastHeartbeatTimestamp: number
}

/** Where a group goes on: as a `StartPosition`, at an offset, or so many messages from where it is. */
export type OffsetTarget = StartPosition | { readonly offset: number } | { readonly shift: number }

/** What one name server knows. */
export interface NameServerView {
  /** `host:port` */
  readonly address: string
  /** Undefined when it does not answer. */
  readonly brokers: readonly BrokerDescription[] | undefined
  /** Why it does not. */
  readonly error: RocketMQError | undefined
}

/** What the member of a group tells of itself. */
export interface MemberStatus {
  readonly properties: Readonly<Record<string, string>>
  /** Rates by topic: milliseconds and messages a second. */
  readonly rates: Readonly<
    Record<string, { pullMs: number; pullRate: number; handleMs: number; doneRate: number; failedRate: number }>
  >
  readonly queues: readonly QueueRef[]
  /** What it subscribes to itself: filters by topic. */
  readonly subscriptions: Readonly<Record<string, string>>
  /** Stacks of its threads, where it has been asked for them. */
  readonly stacks: string | undefined
}

/** How the members of a group get the messages of a topic, as push consumers ask their brokers. */
export interface RequestModeSettings {
  /** `PULL`: each queue has one member, which pulls. `POP`: the broker gives each message to whoever asks for the next one. */
  readonly mode: 'PULL' | 'POP'
  /**
   * By POP: queues of other members that each member asks as well as its own, where there are few members. With 0, each member
   * asks all queues of all brokers. Default 0.
   */
  readonly sharedQueues?: number | undefined
  /** Names of the brokers; all of them without it. */
  readonly brokers?: readonly string[] | undefined
}

/** What is set at one broker. */
export interface RequestModeSetting {
  readonly group: string
  readonly topic: string
  readonly broker: string
  readonly mode: 'PULL' | 'POP'
  readonly sharedQueues: number
}

/** What a broker has of lite topics. */
export interface LiteBrokerDescription {
  readonly broker: string
  /** Light queues that there are, and that there may be; each lite topic is one. */
  readonly lightQueues: number
  readonly lightQueuesMax: number
  /** Subscriptions of all clients. */
  readonly subscriptions: number
  /** Clients that are told of messages. */
  readonly clients: number
  /** The topics that have lite topics. */
  readonly topics: readonly {
    readonly topic: string
    /** Minutes after which an unused lite topic goes; -1 for never. */
    readonly expirationMinutes: number
    readonly groups: readonly string[]
  }[]
}

/** A topic that has lite topics, on one broker. */
export interface LiteParentDescription {
  readonly broker: string
  readonly topic: string
  /** Minutes after which an unused lite topic goes; -1 for never. */
  readonly expirationMinutes: number
  readonly groups: readonly string[]
  /** Lite topics of it that are there. */
  readonly liteTopics: number
}

/** A lite topic on one broker. */
export interface LiteTopicDescription {
  readonly broker: string
  readonly topic: string
  readonly liteTopic: string
  /** Whether producers send its messages here. */
  readonly isChosen: boolean
  /** The first offset that is there, and the one that the next message gets; both 0 where it is not there. */
  readonly minOffset: number
  readonly maxOffset: number
  /** When the newest message was stored, in milliseconds since 1970; undefined without one. */
  readonly lastStoredTimestamp: number | undefined
  /** Members that subscribe to it. */
  readonly subscribers: readonly { readonly clientId: string; readonly group: string }[]
}

/** What a member of a group subscribes to, as one broker knows it. */
export interface LiteClientDescription {
  readonly broker: string
  readonly clientId: string
  /** How many; undefined where the broker does not know the member. */
  readonly count: number | undefined
  /** As many of them as were asked for. */
  readonly liteTopics: readonly string[]
  /** Its last request, and the last one that took something, in milliseconds since 1970; undefined for none. */
  readonly lastAskedTimestamp: number | undefined
  readonly lastTakenTimestamp: number | undefined
}

/** How far a group is behind in a lite topic. */
export interface LiteTopicLag {
  readonly liteTopic: string
  readonly lag: number
  /** When the first message was stored that the group has not done, in milliseconds since 1970; undefined for none. */
  readonly oldestTimestamp: number | undefined
}

/** How far a group is behind in lite topics, on one broker. */
export interface LiteProgress {
  readonly broker: string
  readonly group: string
  readonly topic: string
  readonly lag: number
  readonly oldestTimestamp: number | undefined
  /** The lite topics in which it is most behind, as many as were asked for; or the one that was asked for. */
  readonly liteTopics: readonly LiteTopicLag[]
}

export interface StaticTopicSettings {
  /** Queues of the topic, on all brokers together, from 1 to 65,536. A topic that is there has never fewer than before. */
  readonly queues: number
  /** Names of the brokers that may lead new queues, besides those that lead some; all brokers without it. */
  readonly brokers?: readonly string[] | undefined
}

/** Where the queues of a static topic are to be. */
export interface StaticTopicMove {
  /** Names of the brokers that are to lead as many queues as each other, and all of them. */
  readonly brokers: readonly string[]
}

/** A stretch of a static topic's queue, which one broker has. */
export interface StaticQueuePart {
  /** Ascends with each part of the queue. */
  readonly generation: number
  readonly broker: string
  /** The broker's own queue that holds it. */
  readonly brokerQueueId: number
  /** The first offset of the part in the queue as a whole; undefined while it is not decided. */
  readonly startOffset: number | undefined
  /** The same offset in the broker's own queue. */
  readonly brokerStartOffset: number
}

/** A queue of a static topic. */
export interface StaticQueue {
  readonly queueId: number
  /** The broker that takes its messages; undefined while none does. */
  readonly leader: string | undefined
  /** Others that take its messages too, since it was moved by two at once. The change is not done until one leads it alone. */
  readonly rivals: readonly string[]
  /** The oldest first; the leader has the last one. */
  readonly parts: readonly StaticQueuePart[]
}

/** A static topic: a fixed number of queues, each of which one broker leads. */
export interface StaticTopicDescription {
  readonly topic: string
  /** Grows with each change. */
  readonly epoch: number
  /** Whether its last change is under way or was interrupted. */
  readonly isUnfinished: boolean
  /** Names of all brokers that know it. */
  readonly brokers: readonly string[]
  /** In the order of their ids. */
  readonly queues: readonly StaticQueue[]
}

/** A static topic before and after a change. */
export interface StaticTopicChange {
  /** Undefined for a topic that was not there. */
  readonly before: StaticTopicDescription | undefined
  readonly after: StaticTopicDescription
}
