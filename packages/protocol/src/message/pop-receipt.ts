import { decimalInteger } from '../decimal-integer.ts'
import { retryTopicPrefix } from './topic-names.ts'

/** Which of a group's topics a message came from: `0` the topic itself, `1` its retry topic, `2` that of the newer name. */
export type PopSource = '0' | '1' | '2'

/**
 * What names one message that was given out by POP, as its acknowledgement has to name it:
 *
 *     startOffset popTime invisibleTime reviveQueueId source brokerName queueId queueOffset
 *
 * Spaces separate the parts. Old clients leave out the last one.
 */
export interface PopReceipt {
  /** Queue offset at which the reading began that found the message. */
  startOffset: number
  /** Milliseconds since 1970. */
  popTime: number
  /** Milliseconds. */
  invisibleTime: number
  /** Queue of the revive topic, or `orderedReviveQueueId`. */
  reviveQueueId: number
  source: PopSource
  brokerName: string
  queueId: number
  queueOffset: number | undefined
}

/** In place of a queue of the revive topic: the message was given out in order, and no record of it is kept there. */
export const orderedReviveQueueId = 999

/** Messages that one POP request may have at most. */
export const popCountMax = 32

const separator = ' '
const partsMin = 7
const charactersMax = 1024

/** A receipt that says nothing that a broker can have said. */
export class PopReceiptError extends Error {
  override readonly name = 'PopReceiptError'
}

export function formatPopReceipt(receipt: PopReceipt): string {
  const { startOffset, popTime, invisibleTime, reviveQueueId, source, brokerName, queueId, queueOffset } = receipt
  const parts = [startOffset, popTime, invisibleTime, reviveQueueId, source, brokerName, queueId]
  if (queueOffset !== undefined) parts.push(queueOffset)
  return parts.join(separator)
}

/** @throws PopReceiptError that says what is wrong */
export function parsePopReceipt(text: string): PopReceipt {
  if (text.length > charactersMax) throw new PopReceiptError(`it has ${text.length} characters`)
  const parts = text.split(separator)
  if (parts.length < partsMin) throw new PopReceiptError(`it has ${parts.length} parts of at least ${partsMin}`)
  const source = parts[4]!
  if (source !== '0' && source !== '1' && source !== '2') throw new PopReceiptError(`its source is "${source}"`)
  return {
    startOffset: natural(parts[0]!, 'startOffset'),
    popTime: natural(parts[1]!, 'popTime'),
    invisibleTime: natural(parts[2]!, 'invisibleTime'),
    reviveQueueId: natural(parts[3]!, 'reviveQueueId', int32Max),
    source,
    brokerName: parts[5]!,
    queueId: natural(parts[6]!, 'queueId', int32Max),
    queueOffset: parts[7] === undefined ? undefined : natural(parts[7], 'queueOffset'),
  }
}

const int32Max = 0x7fffffff

function natural(text: string, name: string, max = Number.MAX_SAFE_INTEGER - 1): number {
  const number = decimalInteger(text)
  if (number >= 0 && number <= max) return number
  throw new PopReceiptError(`its ${name} is "${text.slice(0, 32)}"`)
}

/** The topic of what a group is given again of a topic. `2` is what brokers write with `enableRetryTopicV2`. */
export function popRetryTopicOf(group: string, topic: string, source: '1' | '2'): string {
  return `${retryTopicPrefix}${group}${source === '1' ? '_' : '+'}${topic}`
}

/** The topic that a message of a source stands in. */
export function popTopicOf(group: string, topic: string, source: PopSource): string {
  return source === '0' ? topic : popRetryTopicOf(group, topic, source)
}

/**
 * The topic that a group consumes, of one that its messages stand in.
 * @returns the same topic when it is no retry topic of POP
 */
export function popConsumedTopic(group: string, topic: string): string {
  for (const source of ['2', '1'] as const) {
    const prefix = popRetryTopicOf(group, '', source)
    if (topic.startsWith(prefix)) return topic.slice(prefix.length)
  }
  return topic
}

/** How receipts say where a message came from, by the topic that it stands in. */
export function popSourceOf(topic: string): PopSource {
  if (!topic.startsWith(retryTopicPrefix)) return '0'
  return topic.includes('+') ? '2' : '1'
}

/** Messages of one queue in the answer to a POP request. */
export interface PoppedQueue {
  source: PopSource
  queueId: number
  startOffset: number
  offsets: readonly number[]
}

/** `source queueId startOffset` of each queue, as POP's answer tells it. */
export function formatStartOffsets(queues: readonly PoppedQueue[]): string {
  return queues.map(({ source, queueId, startOffset }) => `${source} ${queueId} ${startOffset}`).join(';')
}

/** `source queueId offset,offset` of each queue, as POP's answer tells it. */
export function formatMessageOffsets(queues: readonly PoppedQueue[]): string {
  return queues.map(({ source, queueId, offsets }) => `${source} ${queueId} ${offsets.join(',')}`).join(';')
}

/**
 * How often messages that are given in order were given before: `source qo<queueId>%<offset> count` of each, and for old
 * clients `source queueId count` of the queue, whose count is the least.
 * @param counts by queue offset; 0 is left out
 */
export function formatOrderCounts(queues: readonly (PoppedQueue & { counts: ReadonlyMap<number, number> })[]): string {
  return queues
    .flatMap(({ source, queueId, offsets, counts }) => [
      ...[...counts].map(([offset, count]) => `${source} qo${queueId}%${offset} ${count}`),
      `${source} ${queueId} ${Math.min(...offsets.map((offset) => counts.get(offset) ?? 0))}`,
    ])
    .join(';')
}
