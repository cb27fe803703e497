/**
 * What a load did to a broker and what was seen of it: everything that the checker decides on. Plain data; nothing in it
 * refers to a connection or a process.
 */

/** How a request ended. `unknown`: the connection was lost or the time was over before an answer came. */
export type Outcome<Answer> =
  | ({ readonly kind: 'acknowledged'; readonly seq: number; readonly atMs: number } & Answer)
  | { readonly kind: 'refused'; readonly code: number; readonly remark: string }
  | { readonly kind: 'unknown' }

/** Where a broker said that it put a message. */
export interface Place {
  readonly queueOffset: number
  /** The offset message id: store host and commit log offset. */
  readonly messageId: string
  /** It was told a handle by which it can be taken back, since it waits for its time. */
  readonly isWaiting?: boolean
}

export interface SentMessage {
  /** UNIQ_KEY, one of a kind in a history. */
  readonly id: string
  readonly topic: string
  readonly queueId: number
  readonly bodyCrc: number
  readonly bodyBytes: number
  /** Sent in a batch that is stored as one record: its keys do not find it. */
  readonly isInRecord: boolean
  /** KEYS, without the unique one; one of a kind too. */
  readonly key: string | undefined
  /** 0: delivered at once. Otherwise it is put into queue `delayLevel - 1` of the topic of delayed messages first. */
  readonly delayLevel: number
  /** The time that its sender named, in milliseconds since 1970, before which it must not come; 0 for none. */
  readonly timedForMs: number
  /** Position among all events of the history at which the request was handed to the connection. */
  readonly sentSeq: number
  /** Wall clock of the broker. */
  sentAtMs: number
  /** `lost`: it was acknowledged, and a failure of the power took it as the flush mode allows. */
  outcome: Outcome<Place> | { readonly kind: 'lost' }
}

export interface SendBack {
  /** Of the message that was sent back. */
  readonly id: string
  readonly group: string
  readonly delayLevel: number
  sentAtMs: number
  outcome: Outcome<unknown>
}

export interface Commit {
  readonly group: string
  readonly topic: string
  readonly queueId: number
  readonly offset: number
  /** Number of the broker's run in which it was sent. */
  readonly run: number
  /** Monotonic clock. */
  outcome: Outcome<unknown>
}

export interface TopicCreation {
  readonly topic: string
  readonly queues: number
  outcome: Outcome<unknown>
}

/** A stored message as a reader sees it. */
export interface ObservedRecord {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  /** Of a batch that is one record: its messages share all that is said of the record. */
  readonly isOfBatch: boolean
  /** Place in such a batch; 0 for other messages. */
  readonly indexInBatch: number
  readonly physicalOffset: number
  readonly messageId: string
  readonly id: string
  readonly bodyCrc: number
  readonly bodyBytes: number
  readonly storeTimestamp: number
  readonly reconsumeTimes: number
  /** Checksum of the whole record as it is in the log. */
  readonly recordCrc: number
  /** REAL_TOPIC of a message that waits for its time. */
  readonly realTopic: string | undefined
}

/** What a consumer of the load was given. It must never change. */
export type SeenRecord = Pick<ObservedRecord, 'topic' | 'queueId' | 'queueOffset' | 'physicalOffset' | 'id'>

/** A queue from `fromOffset` to its end. */
export interface ObservedQueue {
  readonly topic: string
  readonly queueId: number
  readonly fromOffset: number
  readonly maxOffset: number
  readonly records: readonly ObservedRecord[]
}

/** Committed offsets as the broker tells them once it is up again after a run. */
export interface ObservedOffset {
  readonly group: string
  readonly topic: string
  readonly queueId: number
  /** Undefined: it knows none. */
  readonly offset: number | undefined
}

export interface BrokerRun {
  readonly number: number
  readonly ending: 'killed' | 'stopped' | 'power lost'
  /** Monotonic clock, when the signal was sent. */
  readonly endedAtMs: number
  /** Read after the restart that followed. */
  readonly offsetsAfter: readonly ObservedOffset[]
}

export interface KeyQuery {
  readonly topic: string
  readonly key: string
  /** Of the message that was sent with this key. */
  readonly id: string
  readonly foundIds: readonly string[]
}

export interface TimeQuery {
  readonly topic: string
  readonly queueId: number
  /** Not before the first and not behind the last message of the queue. */
  readonly timestampMs: number
  readonly boundary: 'lower' | 'upper'
  readonly offset: number
}

/** Everything that is read when the load is over. */
export interface Observation {
  readonly queues: readonly ObservedQueue[]
  readonly keyQueries: readonly KeyQuery[]
  readonly timeQueries: readonly TimeQuery[]
  /** Names and write queues. */
  readonly topics: ReadonlyMap<string, number>
}

export interface History {
  readonly sends: SentMessage[]
  readonly sendBacks: SendBack[]
  readonly commits: Commit[]
  readonly topicCreations: TopicCreation[]
  readonly seen: SeenRecord[]
  readonly runs: BrokerRun[]
}

export function emptyHistory(): History {
  return { sends: [], sendBacks: [], commits: [], topicCreations: [], seen: [], runs: [] }
}

export function queueKey(queue: { topic: string; queueId: number }): string {
  return `${queue.topic}/${queue.queueId}`
}
