import { type ClientOptions, clientFields } from '../connection/client-options.ts'
import { checkFunctions, knownFields, refuseUnknownFields } from '../known-fields.ts'
import { type Codec, checkCodec } from '../messages/codec.ts'
import { checkPosition, type StartPosition } from '../reading/queue-positions.ts'
import type { Topics } from '../reading/subscriptions.ts'
import { invalidArgument } from '../rocketmq-error.ts'
import type { BatchHandler, Handler } from './message-handling.ts'
import type { OffsetStore } from './offset-keeping.ts'
import { checkAttempts, type RetryPolicy, redeliveryKinds, type UndecodablePolicy } from './redelivery.ts'

/** One of `handler` and `batchHandler` is needed. */
export interface ConsumerOptions<Body = Buffer> extends ClientOptions {
  /** Members of a group share its queues, and what they have done. */
  readonly group: string
  /** What to consume: a topic, several, or topics with filters: `{ orders: 'new || paid', events: { sql: 'size > 5' } }`. */
  readonly topics: Topics
  /**
   * Where a group begins that has never been in a queue. Default `latest`: with what is sent from `start` on. What
   * a broker has that cannot be asked then, or a topic that name servers do not know then, is read from up to a minute before, since
   * clocks of brokers and clients may differ; by more than a minute they must not.
   */
  readonly from?: StartPosition | undefined
  readonly handler?: Handler<Body> | undefined
  readonly batchHandler?: BatchHandler<Body> | undefined
  /** Messages of one call of `batchHandler` at the most. Default 32. */
  readonly batchMax?: number | undefined
  /** How bytes become bodies; they stay bytes without one. */
  readonly codec?: Codec<never, Body> | undefined
  /** Calls of the handler at a time, over all queues. Default 20. */
  readonly concurrency?: number | undefined
  /**
   * Which messages are handled one after the other: `queue` all of a queue, `shardingKey` those of a queue with the same
   * sharding key. What fails is then handled again in its place, while those behind it wait; other sharding keys go on. How far a
   * group is in a queue is one offset: until what fails is done, a member that gets the queue handles again what was done behind it.
   * Default `none`.
   */
  readonly order?: 'none' | 'queue' | 'shardingKey' | undefined
  /** Each member gets all messages. Nothing is delivered again by brokers. Default false. */
  readonly broadcast?: boolean | undefined
  /** Where a broadcast member keeps how far it is; in memory by default. */
  readonly offsets?: OffsetStore | undefined
  /**
   * Deliveries of a message at the most; then it goes to the group's dead letters. By default what the broker's group says
   * (16 retries), and without end where messages are handled in order.
   */
  readonly attemptsMax?: number | undefined
  /** Decides by the error of a handler what becomes of its message. */
  readonly onError?: RetryPolicy | undefined
  /** What becomes of a message whose body cannot be decoded. Default `deadLetter`. */
  readonly undecodable?: UndecodablePolicy | undefined
  /** Milliseconds after which a handler counts as failed. Default 15 minutes. */
  readonly handlerTimeoutMs?: number | undefined
  /** Messages that wait for a handler, over all queues, about. Default 1000. */
  readonly pendingMessagesMax?: number | undefined
  /** Their bytes. Default 64 MiB. */
  readonly pendingBytesMax?: number | undefined
  /**
   * By POP: milliseconds for which nobody else of the group gets a message that this member has. They begin anew while it
   * waits here, or is handled. Default 60,000; at least 5000.
   */
  readonly invisibleMs?: number | undefined
  /** Milliseconds that `close` waits for handlers. Default 30,000. */
  readonly closeTimeoutMs?: number | undefined
}

const optionFields = knownFields<ConsumerOptions>({
  ...clientFields,
  group: true,
  topics: true,
  from: true,
  handler: true,
  batchHandler: true,
  batchMax: true,
  codec: true,
  concurrency: true,
  order: true,
  broadcast: true,
  offsets: true,
  attemptsMax: true,
  onError: true,
  undecodable: true,
  handlerTimeoutMs: true,
  pendingMessagesMax: true,
  pendingBytesMax: true,
  invisibleMs: true,
  closeTimeoutMs: true,
})

/** In less the time of a message could not be begun anew before it is over. */
const invisibleMsMin = 5000

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkConsumerOptions<Body>(options: ConsumerOptions<Body>): void {
  refuseUnknownFields('a consumer', options, optionFields)
  const { handler, batchHandler, order = 'none', broadcast = false } = options
  if ((typeof handler === 'function') === (typeof batchHandler === 'function')) {
    throw invalidArgument('give a handler or a batchHandler')
  }
  if (!['none', 'queue', 'shardingKey'].includes(order)) {
    throw invalidArgument(`order is ${order}: use none, queue or shardingKey`)
  }
  const { undecodable = 'deadLetter' } = options
  if (!redeliveryKinds.includes(undecodable)) {
    throw invalidArgument(`undecodable is ${undecodable}: use deadLetter, skip or retry`)
  }
  if (options.offsets !== undefined && !broadcast) {
    throw invalidArgument('offsets are kept by brokers unless broadcast is set')
  }
  const { concurrency, batchMax, pendingMessagesMax, pendingBytesMax, handlerTimeoutMs, closeTimeoutMs } = options
  checkLimits({ concurrency, batchMax, pendingMessagesMax, pendingBytesMax, handlerTimeoutMs, closeTimeoutMs })
  checkAttempts(options.attemptsMax)
  checkFunctions({ onError: options.onError })
  checkCodec(options.codec)
  checkHandledInvisible(options.invisibleMs)
  checkPosition('from', options.from)
}

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkLimits(limits: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (value !== undefined && !(typeof value === 'number' && value >= 1)) {
      throw invalidArgument(`${name} is ${value}: give at least 1`)
    }
  }
}

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkHandledInvisible(invisibleMs: number | undefined): void {
  if (invisibleMs === undefined || (Number.isInteger(invisibleMs) && invisibleMs >= invisibleMsMin)) return
  throw invalidArgument(`invisibleMs is ${invisibleMs}: give whole milliseconds, at least ${invisibleMsMin}`)
}
