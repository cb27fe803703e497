import {
  BodyError,
  type DecodedMessage,
  decimalInteger,
  EncodedProperties,
  encodePopAck,
  encodePopCheckpoint,
  findMessageProperty,
  type PopAck,
  popAckBody,
  popBatchAckBody,
  popCheckpointBody,
  popCountMax,
  propertyName,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { encodedProperty } from '../intake/property-text.ts'
import { type Checkpoint, type CheckpointName, visibleAt } from './receipts.ts'

/** Where and by whom records of the revive topic are written. */
export interface ReviveRecordParts {
  reviveTopic: string
  brokerName: string
  storeHost: Buffer
  /** Names this life of the broker. */
  epoch(): string
  /** Where the log ends now. */
  logEnd(): number
}

/** A checkpoint comes before the acknowledgements of it, however coarse the timer is. */
const checkpointLeadMs = 1000

export const reviveTags = { checkpoint: 'ck', ack: 'ack', batchAck: 'bAck' } as const

/**
 * The record of messages that were given out. It goes through the timer and reaches the revive topic shortly before the
 * messages are due to become visible again.
 */
export function checkpointRecord(checkpoint: Checkpoint, parts: ReviveRecordParts, nowMs: number): StoreMessage {
  const { topic, group, queueId, startOffset, popTime, invisibleTime, offsets, reviveQueueId } = checkpoint
  const body = encodePopCheckpoint({
    bm: 0,
    bn: parts.brokerName,
    c: group,
    d: offsets.map((offset) => offset - startOffset),
    it: invisibleTime,
    n: offsets.length,
    pt: popTime,
    q: queueId,
    ro: 0,
    so: startOffset,
    sp: checkpoint.isSuspended,
    t: topic,
  })
  const uniqueKey = `${topic}@${queueId}@${startOffset}@${group}@${popTime}@${parts.brokerName}@ck`
  const properties =
    recordProperties(reviveTags.checkpoint, uniqueKey, visibleAt(checkpoint) - checkpointLeadMs) +
    encodedProperty(propertyName.popEpoch, parts.epoch()) +
    encodedProperty(propertyName.popLogEnd, String(parts.logEnd())) +
    replacedProperty(checkpoint)
  return reviveRecord(body, properties, reviveQueueId, parts, nowMs)
}

function replacedProperty({ replaced }: Checkpoint): string {
  if (replaced === undefined) return ''
  return encodedProperty(propertyName.popReplaced, `${replaced.startOffset} ${replaced.popTime}`)
}

/** What is acknowledged of a checkpoint. */
export interface Acknowledgement extends CheckpointName {
  invisibleTime: number
  reviveQueueId: number
  offsets: readonly number[]
}

/** The record of an acknowledgement, which reaches the revive topic behind that of its checkpoint. */
export function ackRecord(ack: Acknowledgement, parts: ReviveRecordParts, nowMs: number): StoreMessage {
  const { topic, queueId, group, startOffset, popTime, offsets } = ack
  if (offsets.length !== 1) return batchAckRecord(ack, parts, nowMs, visibleAt(ack))
  const ao = offsets[0]!
  const bn = parts.brokerName
  const uniqueKey = `${topic}@${queueId}@${startOffset}@${ao}@${group}@${popTime}@${bn}@ack`
  const properties = recordProperties(reviveTags.ack, uniqueKey, visibleAt(ack))
  const body = encodePopAck({ ao, bn, c: group, pt: popTime, q: queueId, so: startOffset, t: topic })
  return reviveRecord(body, properties, ack.reviveQueueId, parts, nowMs)
}

/**
 * The record that goes into the revive topic together with the messages that become visible again: whoever reads their
 * checkpoint once more, after a crash, finds that they did.
 */
export function revivedRecord(ack: Acknowledgement, parts: ReviveRecordParts, nowMs: number): StoreMessage {
  return batchAckRecord(ack, parts, nowMs, undefined)
}

function batchAckRecord(
  ack: Acknowledgement,
  parts: ReviveRecordParts,
  nowMs: number,
  deliverMs: number | undefined,
): StoreMessage {
  const { topic, queueId, group, startOffset, popTime, offsets } = ack
  const fields = { bn: parts.brokerName, c: group, pt: popTime, q: queueId, so: startOffset, t: topic }
  const body = popBatchAckBody.encode({ ...fields, ao: -1, aol: [...offsets] })
  const uniqueKey = `${topic}@${queueId}@[${offsets.join(', ')}]@${group}@${popTime}@bAck`
  return reviveRecord(
    body,
    recordProperties(reviveTags.batchAck, uniqueKey, deliverMs),
    ack.reviveQueueId,
    parts,
    nowMs,
  )
}

function recordProperties(tag: string, uniqueKey: string, deliverMs: number | undefined): string {
  const properties = encodedProperty(propertyName.tags, tag) + encodedProperty(propertyName.uniqueKey, uniqueKey)
  return deliverMs === undefined
    ? properties
    : properties + encodedProperty(propertyName.timerDeliverMs, `${deliverMs}`)
}

function reviveRecord(
  body: Buffer,
  properties: string,
  queueId: number,
  { reviveTopic, storeHost }: ReviveRecordParts,
  nowMs: number,
): StoreMessage {
  return {
    topic: reviveTopic,
    queueId,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: nowMs,
    bornHost: storeHost,
    storeHost,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body,
    properties: EncodedProperties.ofText(properties),
  }
}

/** What a record of the revive topic tells. */
export type ReviveRecord =
  | { kind: 'checkpoint'; checkpoint: Checkpoint; acknowledged: readonly number[]; epoch: string | undefined }
  | { kind: 'ack'; name: CheckpointName; offsets: readonly number[] }

/**
 * Reads a record of the revive topic, whichever broker wrote it. It tells of messages of this store, by whatever name the
 * broker had then: without a name in its settings it has that of its machine.
 * @returns undefined for one that is none
 */
export function readReviveRecord(message: DecodedMessage): ReviveRecord | undefined {
  try {
    return recordOf(message)
  } catch (error) {
    if (error instanceof BodyError) return undefined
    throw error
  }
}

function recordOf({ body, properties, queueId }: DecodedMessage): ReviveRecord | undefined {
  switch (findMessageProperty(properties, propertyName.tags)) {
    case reviveTags.checkpoint: {
      const { bm, c, d, it, n, pt, q, so, sp, t } = popCheckpointBody.decode(body)
      if (n < 0 || n > popCountMax || (d !== undefined && d.length > popCountMax)) return undefined
      const sideBySide = Array.from({ length: n }, (_, index) => index)
      const offsets = (d === undefined || d.length === 0 ? sideBySide : d).map((distance) => so + distance)
      if (![...offsets, so, pt, it, pt + it, q].every(isNatural)) return undefined
      const name = { topic: t, group: c, queueId: q, startOffset: so, popTime: pt }
      const logEnd = positionIn(findMessageProperty(properties, propertyName.popLogEnd))
      const replaced = replacedIn(findMessageProperty(properties, propertyName.popReplaced))
      const times = { invisibleTime: it, isSuspended: sp, logEnd, replaced }
      const checkpoint = { ...name, ...times, offsets, reviveQueueId: queueId }
      const acknowledged = offsets.filter((_, index) => (bm & (1 << index)) !== 0)
      const epoch = findMessageProperty(properties, propertyName.popEpoch)
      return { kind: 'checkpoint', checkpoint, acknowledged, epoch }
    }
    case reviveTags.ack: {
      const ack = popAckBody.decode(body)
      return { kind: 'ack', name: nameOf(ack), offsets: [ack.ao] }
    }
    case reviveTags.batchAck: {
      const ack = popBatchAckBody.decode(body)
      return { kind: 'ack', name: nameOf(ack), offsets: ack.aol }
    }
    default:
      return undefined
  }
}

function positionIn(text: string | undefined): number | undefined {
  const position = text === undefined ? Number.NaN : decimalInteger(text)
  return Number.isSafeInteger(position) && position >= 0 ? position : undefined
}

function replacedIn(text: string | undefined): Checkpoint['replaced'] {
  const [startOffset, popTime] = text?.split(' ').map(positionIn) ?? []
  return startOffset === undefined || popTime === undefined ? undefined : { startOffset, popTime }
}

function isNatural(number: number): boolean {
  return number >= 0 && number < Number.MAX_SAFE_INTEGER
}

function nameOf({ t, c, q, so, pt }: PopAck): CheckpointName {
  return { topic: t, group: c, queueId: q, startOffset: so, popTime: pt }
}
