import type { OffsetTarget } from '../admin/descriptions.ts'
import { type CallOptions, callFields } from '../calls/deadline.ts'
import { type ClientOptions, clientFields } from '../connection/client-options.ts'
import { checkHandledInvisible, checkLimits } from '../consumer/consumer-options.ts'
import type { BatchHandler, Handler } from '../consumer/message-handling.ts'
import { checkAttempts, type RetryPolicy, redeliveryKinds, type UndecodablePolicy } from '../consumer/redelivery.ts'
import { checkFunctions, knownFields, refuseUnknownFields } from '../known-fields.ts'
import { type Codec, checkCodec } from '../messages/codec.ts'
import { checkInvisible, checkWait } from '../pop/simple-consumer-options.ts'
import { invalidArgument } from '../rocketmq-error.ts'
import { checkLiteTopics } from './lite-subscriptions.ts'

/** What every consumer of lite topics takes. */
export interface LiteMemberOptions<Body> extends ClientOptions {
  /** The group; it is bound to the topic, see `GroupSettings.lite`. */
  readonly group: string
  /** The topic that has the lite topics. */
  readonly topic: string
  /**
   * The lite topics that it subscribes to from the start; others by `subscribe`. A group that takes all lite topics, see
   * `LiteGroupSettings.wildcard`, subscribes to none.
   */
  readonly liteTopics?: readonly string[] | undefined
  /** How bytes become bodies; they stay bytes without one. */
  readonly codec?: Codec<never, Body> | undefined
  /** Deliveries of a message at the most; then it goes to the group's dead letters. By default what the broker's group says. */
  readonly attemptsMax?: number | undefined
  /** What becomes of a message whose body cannot be decoded. Default `deadLetter`. */
  readonly undecodable?: UndecodablePolicy | undefined
  /** Told of a lite topic that another member has subscribed to, where each has one member at a time. */
  readonly onUnsubscribed?: ((liteTopic: string) => void) | undefined
}

/** One of `handler` and `batchHandler` is needed. */
export interface LiteConsumerOptions<Body = Buffer> extends LiteMemberOptions<Body> {
  readonly handler?: Handler<Body> | undefined
  /** Handles several messages of one lite topic at a time, in their order. When it throws, it is given all of them again. */
  readonly batchHandler?: BatchHandler<Body> | undefined
  /** Messages of one call of `batchHandler` at the most. Default 32. */
  readonly batchMax?: number | undefined
  /** Calls of the handler at a time, each for another lite topic. Default 20. */
  readonly concurrency?: number | undefined
  /** Decides by the error of a handler what becomes of its message. */
  readonly onError?: RetryPolicy | undefined
  /** Milliseconds after which a handler counts as failed. Default 15 minutes. */
  readonly handlerTimeoutMs?: number | undefined
  /**
   * Milliseconds for which nobody else of the group gets a message that this member has. They begin anew while it waits here,
   * or is handled. Default 60,000; at least 5000.
   */
  readonly invisibleMs?: number | undefined
  /** Milliseconds that `close` waits for handlers. Default 30,000. */
  readonly closeTimeoutMs?: number | undefined
}

export interface LiteSimpleConsumerOptions<Body = Buffer> extends LiteMemberOptions<Body> {
  /**
   * Milliseconds for which nobody else gets a message that was received: in this time it has to be acknowledged, or it
   * comes again. Default 30,000; at least 1000.
   */
  readonly invisibleMs?: number | undefined
  /** Milliseconds that `receive` waits for messages where there are none. Default 15,000. */
  readonly waitMs?: number | undefined
}

export interface SubscribeOptions extends CallOptions {
  /**
   * Where the group goes on in the lite topics, for all of its members. Where it is by default, and in one that it has never
   * been in at the first message. A `shift` goes back from where it is: it is not above 0. A broker that is away learns of it when
   * it is back. Official brokers pass a time by.
   */
  readonly from?: OffsetTarget | undefined
}

const memberFields = {
  ...clientFields,
  group: true,
  topic: true,
  liteTopics: true,
  codec: true,
  attemptsMax: true,
  undecodable: true,
  onUnsubscribed: true,
} as const satisfies Readonly<Record<keyof LiteMemberOptions<Buffer>, true>>

const consumerFields = knownFields<LiteConsumerOptions>({
  ...memberFields,
  handler: true,
  batchHandler: true,
  batchMax: true,
  concurrency: true,
  onError: true,
  handlerTimeoutMs: true,
  invisibleMs: true,
  closeTimeoutMs: true,
})

const simpleConsumerFields = knownFields<LiteSimpleConsumerOptions>({
  ...memberFields,
  invisibleMs: true,
  waitMs: true,
})

export const subscribeFields = knownFields<SubscribeOptions>({ ...callFields, from: true })

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkLiteConsumerOptions<Body>(options: LiteConsumerOptions<Body>): void {
  refuseUnknownFields('a consumer of lite topics', options, consumerFields)
  checkMember(options)
  checkHandledInvisible(options.invisibleMs)
  if ((typeof options.handler === 'function') === (typeof options.batchHandler === 'function')) {
    throw invalidArgument('give a handler or a batchHandler')
  }
  const { batchMax, concurrency, handlerTimeoutMs, closeTimeoutMs, onError } = options
  checkLimits({ batchMax, concurrency, handlerTimeoutMs, closeTimeoutMs })
  checkFunctions({ onError })
}

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkLiteSimpleConsumerOptions<Body>(options: LiteSimpleConsumerOptions<Body>): void {
  refuseUnknownFields('a simple consumer of lite topics', options, simpleConsumerFields)
  checkMember(options)
  checkInvisible(options.invisibleMs)
  checkWait(options.waitMs)
}

function checkMember<Body>(options: LiteMemberOptions<Body>): void {
  const { liteTopics = [], attemptsMax, undecodable, codec, onUnsubscribed } = options
  if (!Array.isArray(liteTopics)) throw invalidArgument(`liteTopics is ${liteTopics}: give a list of names`)
  checkLiteTopics(liteTopics)
  checkAttempts(attemptsMax)
  checkCodec(codec)
  checkFunctions({ onUnsubscribed })
  if (undecodable !== undefined && !redeliveryKinds.includes(undecodable)) {
    throw invalidArgument(`undecodable is ${undecodable}: use deadLetter, skip or retry`)
  }
}
