import {
  type BatchAck,
  orderedReviveQueueId,
  type PopReceipt,
  PopReceiptError,
  ProtocolError,
  parsePopReceipt,
  popCountMax,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import { knownTopic, type PopCheckParts } from './pop-checks.ts'
import type { Acknowledgement } from './revive-records.ts'

export interface ReceiptCheckParts extends Pick<PopCheckParts, 'topics'> {
  brokerName: string
  reviveQueueCount: number
  store: {
    minOffset(topic: string, queueId: number): number
    maxOffset(topic: string, queueId: number): number
  }
}

/** The fields by which ACK_MESSAGE and CHANGE_MESSAGE_INVISIBLETIME name a message. */
export interface ReceiptHeader {
  consumerGroup: string
  /** Where the message stands: the topic, or a retry topic. */
  topic: string
  queueId: number
  extraInfo: string
  offset: number
}

/** A message that a receipt names. */
export interface Receipted extends Acknowledgement {
  queueOffset: number
  isOrdered: boolean
}

/**
 * Whether a receipt can be one of this broker for the message that it came with.
 * @throws ProtocolError that says why it cannot
 */
export function checkedReceipt(header: ReceiptHeader, parts: ReceiptCheckParts): Receipted {
  const { consumerGroup: group, topic, queueId, offset } = header
  const config = knownTopic(topic, parts)
  if (!hasQueue(config, queueId, parts)) {
    const remark = `queueId[${queueId}] is illegal, topic:[${topic}] topicConfig.readQueueNums:[${config.readQueueNums}]`
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
  checkOffset(topic, queueId, offset, parts.store)
  const receipt = parsed(header.extraInfo)
  const { startOffset, popTime, invisibleTime, reviveQueueId } = receipt
  if (receipt.brokerName !== parts.brokerName) refuse(`the receipt is of the broker ${receipt.brokerName}`)
  if (receipt.queueId !== queueId) refuse(`the receipt is of the queue ${receipt.queueId}`)
  if (receipt.queueOffset !== undefined && receipt.queueOffset !== offset) {
    refuse(`the receipt is of the message at ${receipt.queueOffset}`)
  }
  return {
    ...{ topic, group, queueId, startOffset, popTime, invisibleTime, reviveQueueId },
    offsets: [offset],
    queueOffset: offset,
    isOrdered: isOrdered(reviveQueueId, parts),
  }
}

/**
 * Messages of one checkpoint that are acknowledged together.
 * @param topic where they stand
 * @returns without messages that are not in the queue
 * @throws ProtocolError when no broker can have given such a receipt
 */
export function checkedBatch(
  ack: BatchAck,
  topic: string,
  parts: ReceiptCheckParts,
): Acknowledgement & { isOrdered: boolean } {
  const { c: group, q: queueId, so: startOffset, pt: popTime, it: invisibleTime, rq: reviveQueueId } = ack
  const config = knownTopic(topic, parts)
  if (!hasQueue(config, queueId, parts)) refuse(`the topic ${topic} has no queue ${queueId}`)
  if (startOffset < 0 || popTime < 0 || invisibleTime < 0) refuse('its numbers are negative')
  const { store } = parts
  const minOffset = store.minOffset(topic, queueId)
  const maxOffset = store.maxOffset(topic, queueId)
  const offsets = bitsOf(ack.b)
    .map((bit) => startOffset + bit)
    .filter((offset) => offset >= minOffset && offset < maxOffset)
  if (offsets.length === 0) throw new ProtocolError('NO_MESSAGE', `no message is named of ${topic}@${queueId}`)
  return {
    ...{ topic, group, queueId, startOffset, popTime, invisibleTime, reviveQueueId, offsets },
    isOrdered: isOrdered(reviveQueueId, parts),
  }
}

/** What was given of a queue is acknowledged, though the topic has fewer queues since. */
function hasQueue({ topicName, readQueueNums }: TopicConfig, queueId: number, { store }: ReceiptCheckParts): boolean {
  return queueId >= 0 && (queueId < readQueueNums || store.maxOffset(topicName, queueId) > 0)
}

function isOrdered(reviveQueueId: number, { reviveQueueCount }: ReceiptCheckParts): boolean {
  if (reviveQueueId === orderedReviveQueueId) return true
  if (reviveQueueId < 0 || reviveQueueId >= reviveQueueCount) refuse(`there is no revive queue ${reviveQueueId}`)
  return false
}

function checkOffset(topic: string, queueId: number, offset: number, store: ReceiptCheckParts['store']): void {
  const minOffset = store.minOffset(topic, queueId)
  const maxOffset = store.maxOffset(topic, queueId)
  if (offset >= minOffset && offset < maxOffset) return
  const remark = `offset is illegal, key:${topic}@${queueId}, commit:${offset}, store:${minOffset}~${maxOffset}`
  throw new ProtocolError('NO_MESSAGE', remark)
}

function parsed(extraInfo: string): PopReceipt {
  try {
    return parsePopReceipt(extraInfo)
  } catch (error) {
    if (error instanceof PopReceiptError) return refuse(`extraInfo is no receipt: ${error.message}`)
    throw error
  }
}

function refuse(remark: string): never {
  throw new ProtocolError('MESSAGE_ILLEGAL', `${remark}: send the receipt that came with the message`)
}

const bitsPerByte = 8
/** Offsets of one receipt are not far apart: they were read at once. */
const base64CharactersMax = 16 * 1024

function bitsOf(base64: string): number[] {
  if (base64.length > base64CharactersMax) refuse(`the bit set has ${base64.length} characters`)
  const bits: number[] = []
  for (const [index, byte] of Buffer.from(base64, 'base64').entries()) {
    for (let rest = byte; rest !== 0; rest &= rest - 1) {
      if (bits.length >= popCountMax) refuse(`the bit set names over ${popCountMax} messages`)
      bits.push(index * bitsPerByte + Math.log2(rest & -rest))
    }
  }
  return bits
}
