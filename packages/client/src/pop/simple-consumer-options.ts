import { type CallOptions, callFields, checkCall, checkDuration } from '../calls/deadline.ts'
import { type ClientOptions, clientFields } from '../connection/client-options.ts'
import { checkAttempts, redeliveryKinds, type UndecodablePolicy } from '../consumer/redelivery.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { type Codec, checkCodec } from '../messages/codec.ts'
import { checkPosition, type StartPosition } from '../reading/queue-positions.ts'
import type { Topics } from '../reading/subscriptions.ts'
import { invalidArgument } from '../rocketmq-error.ts'

export interface SimpleConsumerOptions<Body = Buffer> extends ClientOptions {
  /** Members of a group share the messages of its topics. */
  readonly group: string
  /** What to receive: a topic, several, or topics with filters, as a `Consumer` takes them. */
  readonly topics: Topics
  /**
   * Where a group begins that has never been in a queue. Default `latest`: with what is sent from the first `receive` on. What
   * a broker has that cannot be asked then, or a topic that name servers do not know then, is read from up to a minute before, since
   * clocks of brokers and clients may differ; by more than a minute they must not.
   */
  readonly from?: StartPosition | undefined
  /** How bytes become bodies; they stay bytes without one. */
  readonly codec?: Codec<never, Body> | undefined
  /**
   * Messages of a queue come in their order: no more are given of it until those that were given are acknowledged, or
   * visible again. Default false.
   */
  readonly order?: boolean | undefined
  /**
   * Milliseconds for which nobody else gets a message that was received: in this time it has to be acknowledged, or it
   * comes again. Default 30,000; at least 1000.
   */
  readonly invisibleMs?: number | undefined
  /** Milliseconds that `receive` waits for messages where there are none. Default 15,000. */
  readonly waitMs?: number | undefined
  /**
   * Deliveries of a message at the most; then it goes to the group's dead letters. By default what the broker's group says
   * (16 retries).
   */
  readonly attemptsMax?: number | undefined
  /** What becomes of a message whose body cannot be decoded. Default `deadLetter`. */
  readonly undecodable?: UndecodablePolicy | undefined
}

export interface ReceiveOptions extends CallOptions {
  /** Messages at the most, from 1 to 1024. Default 32. The last one brings the rest of its batch, where that was stored whole. */
  readonly max?: number | undefined
  /** As the consumer's, for these messages. */
  readonly invisibleMs?: number | undefined
  /** As the consumer's, for this call. 0 takes what is there. It never waits longer than for three quarters of `timeoutMs`. */
  readonly waitMs?: number | undefined
}

const optionFields = knownFields<SimpleConsumerOptions>({
  ...clientFields,
  group: true,
  topics: true,
  from: true,
  codec: true,
  order: true,
  invisibleMs: true,
  waitMs: true,
  attemptsMax: true,
  undecodable: true,
})

export const receiveFields = knownFields<ReceiveOptions>({ ...callFields, max: true, invisibleMs: true, waitMs: true })

export const receiveMax = 1024
/** Brokers look for what becomes visible again once a second. */
const invisibleMsMin = 1000

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkSimpleConsumerOptions<Body>(options: SimpleConsumerOptions<Body>): void {
  refuseUnknownFields('a simple consumer', options, optionFields)
  checkPosition('from', options.from)
  checkInvisible(options.invisibleMs)
  checkWait(options.waitMs)
  checkAttempts(options.attemptsMax)
  checkCodec(options.codec)
  const { order, undecodable } = options
  if (order !== undefined && typeof order !== 'boolean') throw invalidArgument(`order is ${order}: give true or false`)
  if (undecodable !== undefined && !redeliveryKinds.includes(undecodable)) {
    throw invalidArgument(`undecodable is ${undecodable}: use deadLetter, skip or retry`)
  }
}

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkReceive(options: ReceiveOptions): void {
  checkCall(options, receiveFields)
  const { max, invisibleMs, waitMs } = options
  if (max !== undefined && !(Number.isInteger(max) && max >= 1 && max <= receiveMax)) {
    throw invalidArgument(`max is ${max}: give 1 to ${receiveMax}`)
  }
  checkInvisible(invisibleMs)
  checkWait(waitMs)
}

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkInvisible(invisibleMs: number | undefined): void {
  checkDuration('invisibleMs', invisibleMs)
  if (invisibleMs === undefined || (Number.isInteger(invisibleMs) && invisibleMs >= invisibleMsMin)) return
  throw invalidArgument(`invisibleMs is ${invisibleMs}: give whole milliseconds, at least ${invisibleMsMin}`)
}

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkWait(waitMs: number | undefined): void {
  if (waitMs === undefined || (Number.isFinite(waitMs) && waitMs >= 0)) return
  throw invalidArgument(`waitMs is ${waitMs}: give milliseconds, 0 or more`)
}
