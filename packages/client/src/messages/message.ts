import { knownFields } from '../known-fields.ts'
import type { QueueRef } from '../routing/topic-route.ts'
import type { MessageBody } from './codec.ts'
import type { PoppedMessage } from './received-message.ts'

/** Chooses one of a topic's queues that take messages. */
export type QueueChooser = (queues: readonly QueueRef[]) => QueueRef

/**
 * A message to send. It is never changed. Its body must stay as it is until the call is over.
 *
 * One that was received may be sent again: `send({ ...received, topic: 'elsewhere' })`. What tells where and when it was
 * stored is passed over, its queue included, and it gets an id of its own.
 */
export interface Message<Body = MessageBody> {
  readonly topic: string
  /** Without a byte it deletes the key of the message from a compaction topic; only an ordinary message with keys may have none. */
  readonly body: Body
  /** What consumers filter by. */
  readonly tag?: string | undefined
  /** What the message is found by later, such as the number of an order. None holds a blank. */
  readonly keys?: string | readonly string[] | undefined
  /** Further properties. Names that RocketMQ gives a meaning to are refused. */
  readonly properties?: Readonly<Record<string, string>> | undefined
  /**
   * The lite topic of its topic, which is one for lite topics (`message.type` LITE): 1 to 64 letters, digits, `_` and `-`. It is
   * made with its first message. Its messages go to the same queue, unless `queue` is given. Such a message has no sharding
   * key, delay or priority.
   */
  readonly liteTopic?: string | undefined
  /** Messages with the same one go to the same queue, in the order in which they are sent. */
  readonly shardingKey?: string | undefined
  /** The queue, or who chooses it. By default the queues take turns. */
  readonly queue?: QueueRef | QueueChooser | undefined
  /** Milliseconds until it is delivered. */
  readonly delayMs?: number | undefined
  /** When it is delivered: a date, or milliseconds since 1970. */
  readonly deliverAt?: Date | number | undefined
  /** A level of the broker's list of delays, from 1 on. */
  readonly delayLevel?: number | undefined
  /** From 0 on. Each priority has a queue of its own, as far as the topic has queues; `queue` does not count then. */
  readonly priority?: number | undefined
  /** A number of 32 bits that is handed on. */
  readonly flag?: number | undefined
  /** Whether the answer waits for what the broker's settings promise (disk, replicas). Default true. */
  readonly waitForStore?: boolean | undefined
}

/** What a received message has beside the fields of one to send. */
type FoundFields = Omit<PoppedMessage, keyof Message>

const fields = {
  topic: true,
  body: true,
  tag: true,
  keys: true,
  properties: true,
  liteTopic: true,
  shardingKey: true,
  queue: true,
  delayMs: true,
  deliverAt: true,
  delayLevel: true,
  priority: true,
  flag: true,
  waitForStore: true,
} as const satisfies Readonly<Record<keyof Message, true>>

export const messageFields = knownFields<Message>(fields)

/** Fields of a message that was received, and may be sent again. */
export const resentFields = knownFields<Message & FoundFields>({
  ...fields,
  systemProperties: true,
  messageId: true,
  queueOffset: true,
  physicalOffset: true,
  attempt: true,
  bornTimestamp: true,
  bornHost: true,
  storeTimestamp: true,
  receipt: true,
  visibleTimestamp: true,
})

/** `STORED`, or what the broker could not confirm in time although the message is stored. */
export type SendStatus = 'STORED' | 'FLUSH_DISK_TIMEOUT' | 'FLUSH_SLAVE_TIMEOUT' | 'SLAVE_NOT_AVAILABLE'

/** Where a message was stored. */
export interface SendReceipt {
  readonly status: SendStatus
  /** The id that the producer gave it: it stays the same in retries and dead letters. */
  readonly messageId: string
  /**
   * The id of the place in the broker's log, which messages of a batch that was stored whole share; empty when the broker has
   * no place for it yet.
   */
  readonly offsetMessageId: string
  readonly queue: QueueRef
  readonly queueOffset: number
  /** Takes a delayed message back, see `Producer.recall`. */
  readonly recallHandle?: string | undefined
}
