import {
  type BatchedMessage,
  type DecodedMessage,
  decodeBatchBody,
  decodeMessageProperties,
  propertyName,
  sysFlag,
} from '@rocketmq-ts/protocol'
import type { Namespace } from '../connection/namespace.ts'
import { RocketMQError } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'
import { decompressBody } from './body-compression.ts'
import { reservedProperties } from './reserved-properties.ts'

/** A message as it was found in a queue. */
export interface ReceivedMessage<Body = Buffer> {
  /** The topic that it was sent to, also when it is delivered again by way of the group's retry topic. */
  readonly topic: string
  readonly body: Body
  readonly tag: string | undefined
  readonly keys: readonly string[]
  /** Those that its producer set. */
  readonly properties: Readonly<Record<string, string>>
  /** Those that RocketMQ gives a meaning to. */
  readonly systemProperties: Readonly<Record<string, string>>
  /** The lite topic of its topic that it was sent to; undefined for a message of none. */
  readonly liteTopic: string | undefined
  readonly shardingKey: string | undefined
  /** Undefined for a message of none, and for one with a sharding key, whose queue does not depend on it. */
  readonly priority: number | undefined
  /** The id that its producer gave it: the same in each delivery. */
  readonly messageId: string
  /** Where it was found. */
  readonly queue: QueueRef
  readonly queueOffset: number
  /** Position in the broker's log. */
  readonly physicalOffset: number
  /** 1 for the first delivery, 2 for the next one ... */
  readonly attempt: number
  readonly flag: number
  /** Milliseconds since 1970, by the producer's clock. */
  readonly bornTimestamp: number
  readonly bornHost: string
  /** Milliseconds since 1970, by the broker's clock. */
  readonly storeTimestamp: number
}

/**
 * A message that a `SimpleConsumer` has received.
 *
 * A batch that was stored whole, as topics with `queue.type=BatchCQ` do it, is one message for brokers, although its messages
 * are received one by one. So it is acknowledged with the last of them. If one is not acknowledged in time, all of the batch
 * come again, and those that were acknowledged are received once more.
 */
export interface PoppedMessage<Body = Buffer> extends ReceivedMessage<Body> {
  /** Names this delivery: what is done with the message needs it. It changes with `changeInvisible`. */
  readonly receipt: string
  /** Milliseconds since 1970, by the broker's clock, at which others of the group may get it. */
  readonly visibleTimestamp: number
}

/** A message whose body was not decoded yet. A body that cannot be decompressed is an error in its place. */
export interface RawMessage extends ReceivedMessage<Buffer | RocketMQError> {
  /** Bytes that it takes, for back-pressure. */
  readonly bytes: number
  /** Whether its place in the log is that of a batch that was stored whole. */
  readonly isOfBatch: boolean
}

/** Where a message was found. One that is sent again does not have to go there. */
export class FoundQueue implements QueueRef {
  readonly topic: string
  readonly broker: string
  readonly queueId: number

  constructor(topic: string, broker: string, queueId: number) {
    this.topic = topic
    this.broker = broker
    this.queueId = queueId
  }
}

/** As an assignment makes a field. */
const ordinary = { configurable: true, enumerable: true, writable: true } as const

/** @throws RocketMQError UNDECODABLE when the body cannot be decompressed */
export function plainMessage({ body, ...raw }: RawMessage): ReceivedMessage {
  if (body instanceof RocketMQError) throw body
  return { ...withoutInternals(raw), body }
}

/** A message as users see it, but for its body. */
export function withoutInternals({
  bytes: _,
  isOfBatch: __,
  batch: ___,
  ofLiteTopic: ____,
  ...message
}: Omit<RawMessage, 'body'> & { readonly batch?: unknown; readonly ofLiteTopic?: unknown }) {
  return message
}

/** Bytes of a body at the most, decompressed. */
const bodyBytesMax = 64 * 1024 * 1024

/** @returns one message, or several where a batch was stored whole */
export function receivedMessages(record: DecodedMessage, broker: string, namespace: Namespace): RawMessage[] {
  const body = decompressed(record)
  const isWhole = (record.sysFlag & (sysFlag.innerBatch | sysFlag.needUnwrap)) !== 0
  if (!isWhole || body instanceof RocketMQError) {
    return [received(record, decodeMessageProperties(record.properties), body, broker, namespace)]
  }
  let batch: BatchedMessage[]
  try {
    batch = decodeBatchBody(body)
  } catch (cause) {
    const error = new RocketMQError('UNDECODABLE', 'the batch cannot be read', { cause })
    return [received(record, decodeMessageProperties(record.properties), error, broker, namespace)]
  }
  const bytes = Math.ceil(record.totalSize / batch.length)
  return batch.map((inner, index) => {
    const properties = decodeMessageProperties(inner.propertiesBytes.toString('utf8'))
    const place = { ...record, flag: inner.flag, queueOffset: record.queueOffset + index }
    return { ...received(place, properties, inner.body, broker, namespace), bytes, isOfBatch: true }
  })
}

function decompressed(record: DecodedMessage): Buffer | RocketMQError {
  try {
    return decompressBody(record.body, record.sysFlag, bodyBytesMax)
  } catch (error) {
    return error as RocketMQError
  }
}

function received(
  record: DecodedMessage,
  properties: ReadonlyMap<string, string>,
  body: Buffer | RocketMQError,
  broker: string,
  namespace: Namespace,
): RawMessage {
  const own: Record<string, string> = {}
  const system: Record<string, string> = {}
  for (const [name, value] of properties) {
    if (reservedProperties.has(name)) system[name] = value
    else if (name === '__proto__') Object.defineProperty(own, name, { value, ...ordinary })
    else own[name] = value
  }
  const { topic, queueId, queueOffset, physicalOffset, totalSize, reconsumeTimes, flag } = record
  const { bornTimestamp, storeTimestamp, bornHost } = record
  return {
    topic: namespace.unwrap(system[propertyName.retryTopic] ?? topic),
    body,
    tag: system[propertyName.tags],
    keys: system[propertyName.keys]?.split(' ').filter((key) => key !== '') ?? [],
    properties: own,
    systemProperties: system,
    liteTopic: system[propertyName.liteTopic],
    shardingKey: system[propertyName.shardingKey],
    priority: priorityOf(system),
    messageId: system[propertyName.uniqueKey] ?? '',
    queue: new FoundQueue(namespace.unwrap(topic), broker, queueId),
    queueOffset,
    physicalOffset,
    attempt: reconsumeTimes + 1,
    flag,
    bornTimestamp,
    bornHost: `${bornHost.host}:${bornHost.port}`,
    storeTimestamp,
    bytes: totalSize,
    isOfBatch: false,
  }
}

function priorityOf(system: Readonly<Record<string, string>>): number | undefined {
  const text = system[propertyName.priority]
  if (text === undefined || system[propertyName.shardingKey] !== undefined) return undefined
  const priority = Number(text)
  return Number.isSafeInteger(priority) && priority >= 0 ? priority : undefined
}
