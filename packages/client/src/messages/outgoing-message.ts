import {
  encodeMessageProperties,
  liteTopicProblem,
  MessagePropertyError,
  propertiesBytesMax,
  propertyName,
} from '@rocketmq-ts/protocol'
import type { Namespace } from '../connection/namespace.ts'
import { refuseUnknownFields } from '../known-fields.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'
import { compressBody } from './body-compression.ts'
import { type Message, messageFields, type QueueChooser, resentFields } from './message.ts'
import { FoundQueue } from './received-message.ts'
import { reservedProperties } from './reserved-properties.ts'

/** A message as it is sent: made once, sent as it is in every attempt. */
export interface OutgoingMessage {
  /** As the servers know it. */
  readonly topic: string
  readonly uniqueId: string
  readonly propertiesText: string
  readonly body: Buffer
  readonly sysFlag: number
  readonly flag: number
  readonly shardingKey: string | undefined
  readonly liteTopic: string | undefined
  readonly queue: QueueRef | QueueChooser | undefined
  /** Whether it may share a request with others of its topic. */
  readonly isBatchable: boolean
  readonly waitForStore: boolean
  /** Whether its broker stores it once, however often it is sent. */
  readonly isStoredOnce?: boolean
}

/** Lengths of a message in a batch, and a guess for its places in the program's memory. */
const overheadBytes = 22

/** Bytes that a message takes of a batch, about: text counts by its code units. */
export function bytesInBatch({ body, propertiesText }: OutgoingMessage): number {
  return overheadBytes + body.length + propertiesText.length
}

/** What the kind of a message adds to it. */
export interface ExtraProperties {
  /** Further properties, which RocketMQ gives a meaning to. */
  readonly properties?: Readonly<Record<string, string>> | undefined
  /** Bits to set. */
  readonly sysFlag?: number | undefined
}

export interface OutgoingOptions extends ExtraProperties {
  readonly namespace: Namespace
  readonly compressOverBytes: number
  readonly messageBytesMax: number
  newId(): string
}

/** Bytes of a code unit at the most. */
const utf8BytesMax = 3

const topicLengthMax = 127
const topicPattern = /^[%|a-zA-Z0-9_-]+$/

/**
 * @param plainBody the encoded body, before compression
 * @throws RocketMQError INVALID_ARGUMENT, MESSAGE_TOO_LARGE
 */
export function outgoingMessage(
  message: Message<unknown>,
  plainBody: Buffer,
  options: OutgoingOptions,
): OutgoingMessage {
  const isResent = 'physicalOffset' in message && 'queueOffset' in message
  refuseUnknownFields('a message', message, isResent ? resentFields : messageFields)
  const topic = checkedTopic(message.topic, options.namespace)
  if (plainBody.length === 0 && !mayBeEmpty(message, options)) {
    throw invalidArgument('the body is empty: only an ordinary message with keys may have none, which deletes its key')
  }
  const uniqueId = options.newId()
  const { body, sysFlag } = compressBody(plainBody, options.compressOverBytes)
  if (body.length > options.messageBytesMax) {
    const size = `the body takes ${body.length} bytes`
    throw new RocketMQError('MESSAGE_TOO_LARGE', `${size}, at most ${options.messageBytesMax} may be sent`, { topic })
  }
  return {
    topic,
    uniqueId,
    propertiesText: propertiesText(message, uniqueId, options),
    body,
    sysFlag: sysFlag | (options.sysFlag ?? 0),
    flag: checkedFlag(message.flag ?? 0),
    shardingKey: message.shardingKey,
    liteTopic: message.liteTopic,
    queue: isResent && message.queue instanceof FoundQueue ? undefined : message.queue,
    isBatchable: sysFlag === 0 && options.sysFlag === undefined && isPlain(message),
    waitForStore: message.waitForStore !== false,
  }
}

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkedTopic(topic: string, namespace: Namespace): string {
  if (typeof topic !== 'string' || topic === '') throw invalidArgument('the topic is missing: give its name')
  const wrapped = namespace.wrap(topic)
  if (wrapped.length > topicLengthMax || !topicPattern.test(wrapped)) {
    const rule = `at most ${topicLengthMax} letters, digits and %|_-`
    throw invalidArgument(`"${topic}" is no name of a topic: use ${rule}`)
  }
  return wrapped
}

/** A message without a body deletes a key of a compaction topic. Brokers take it in a batch, of one if need be. */
function mayBeEmpty(message: Message<unknown>, { sysFlag }: OutgoingOptions): boolean {
  const { keys = [] } = message
  return keys.length > 0 && isPlain(message) && sysFlag === undefined
}

/** Delays, priorities and lite topics are the business of one message. */
function isPlain({ delayMs, deliverAt, delayLevel, priority, liteTopic }: Message<unknown>): boolean {
  return (
    delayMs === undefined &&
    deliverAt === undefined &&
    delayLevel === undefined &&
    priority === undefined &&
    liteTopic === undefined
  )
}

function propertiesText(message: Message<unknown>, uniqueId: string, options: OutgoingOptions): string {
  const properties: [name: string, value: string][] = []
  for (const [name, value] of Object.entries(message.properties ?? {})) {
    if (reservedProperties.has(name)) {
      throw invalidArgument(`the property ${name} has a meaning for RocketMQ: use the field of the message instead`)
    }
    properties.push([name, String(value)])
  }
  if (message.tag !== undefined) properties.push([propertyName.tags, checkedText('tag', message.tag)])
  if (message.keys !== undefined && message.keys.length !== 0) {
    properties.push([propertyName.keys, keysText(message.keys)])
  }
  if (message.shardingKey !== undefined) {
    properties.push([propertyName.shardingKey, checkedText('shardingKey', message.shardingKey)])
  }
  if (message.liteTopic !== undefined) properties.push([propertyName.liteTopic, checkedLiteTopic(message)])
  if (message.waitForStore === false) properties.push([propertyName.waitStoreOk, 'false'])
  if (message.priority !== undefined) {
    properties.push([propertyName.priority, String(wholeNumber('priority', message.priority, 0))])
  }
  const delay = delayProperty(message)
  if (delay !== undefined) properties.push(delay)
  properties.push([propertyName.uniqueKey, uniqueId], ...Object.entries(options.properties ?? {}))
  let text: string
  try {
    text = encodeMessageProperties(properties)
  } catch (error) {
    if (error instanceof MessagePropertyError) throw invalidArgument(error.message, error)
    throw error
  }
  if (text.length * utf8BytesMax > propertiesBytesMax) checkLength(text)
  return text
}

/** A batch has no room for more, and would fail as a whole. */
function checkLength(text: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes <= propertiesBytesMax) return
  throw invalidArgument(`the properties take ${bytes} bytes with tag and keys: give at most ${propertiesBytesMax}`)
}

function checkedFlag(flag: number): number {
  if ((flag | 0) === flag) return flag
  throw invalidArgument(`flag is ${flag}: give a whole number of 32 bits, from -2147483648 to 2147483647`)
}

function checkedText(name: string, text: string): string {
  if (typeof text === 'string') return text
  throw invalidArgument(`${name} is ${text}: give a text`)
}

/** The servers know a message by one kind alone. */
function checkedLiteTopic({ liteTopic, ...message }: Message<unknown>): string {
  const problem = liteTopicProblem(checkedText('liteTopic', liteTopic!))
  if (problem !== undefined) throw invalidArgument(problem)
  for (const name of ['shardingKey', 'delayMs', 'deliverAt', 'delayLevel', 'priority'] as const) {
    if (message[name] === undefined) continue
    throw invalidArgument(`a message of a lite topic has no ${name}: its lite topic keeps the order of its messages`)
  }
  return liteTopic!
}

function keysText(keys: string | readonly string[]): string {
  const list = typeof keys === 'string' ? [keys] : keys
  if (!Array.isArray(list)) throw invalidArgument(`keys is ${list}: give a text, or a list of them`)
  for (const key of list) {
    if (key === '' || /\s/.test(key)) throw invalidArgument(`"${key}" is no key: a key is not empty and has no blank`)
  }
  return list.join(' ')
}

function delayProperty({ delayMs, deliverAt, delayLevel }: Message<unknown>): [string, string] | undefined {
  const given = [delayMs, deliverAt, delayLevel].filter((value) => value !== undefined)
  if (given.length === 0) return undefined
  if (given.length > 1) throw invalidArgument('give one of delayMs, deliverAt and delayLevel')
  if (delayMs !== undefined) return [propertyName.timerDelayMs, String(wholeNumber('delayMs', delayMs, 0))]
  if (delayLevel !== undefined) return [propertyName.delayLevel, String(wholeNumber('delayLevel', delayLevel, 1))]
  return [propertyName.timerDeliverMs, String(wholeNumber('deliverAt', Number(deliverAt), 0))]
}

function wholeNumber(name: string, value: number, least: number): number {
  const rounded = Math.round(value)
  if (Number.isSafeInteger(rounded) && rounded >= least) return rounded
  throw invalidArgument(`${name} is ${value}: give a number of at least ${least}`)
}
