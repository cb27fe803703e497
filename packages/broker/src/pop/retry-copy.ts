import {
  type DecodedMessage,
  decodeMessageProperties,
  EncodedProperties,
  encodeMessageProperties,
  findMessageProperty,
  formatPopReceipt,
  type PopReceipt,
  propertiesBytesMax,
  propertyName,
  readRecord,
  recordMagic,
  recordPosition,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { withProperties } from '../intake/property-text.ts'
import { storedAgain } from '../intake/stored-again.ts'
import type { Checkpoint } from './receipts.ts'

/** Where a message goes that its group did not acknowledge. */
export interface RetryPlace {
  topic: string
  queueId: number
  storeHost: Buffer
}

/** The message as its group is given it once more. */
export function retryCopy(message: DecodedMessage, checkpoint: Checkpoint, place: RetryPlace): StoreMessage {
  const { properties, reconsumeTimes } = message
  const firstPopTime = findMessageProperty(properties, propertyName.firstPopTime) ?? String(checkpoint.popTime)
  return storedAgain(message, {
    topic: place.topic,
    queueId: place.queueId,
    storeHost: place.storeHost,
    reconsumeTimes: checkpoint.isSuspended ? reconsumeTimes : reconsumeTimes + 1,
    properties: EncodedProperties.ofText(
      fitting(properties, {
        [propertyName.firstPopTime]: firstPopTime,
        [propertyName.originGroup]: checkpoint.group,
      }),
    ),
  })
}

/** What has no room for more keeps what it has: the message has to come again all the same. */
function fitting(text: string, additions: Readonly<Record<string, string>>): string {
  const extended = withProperties(text, additions)
  return Buffer.byteLength(extended) <= propertiesBytesMax ? extended : text
}

/**
 * The record of a message of a retry topic as its group is shown it: under the topic that the group consumes, with the
 * receipt among its properties. The rest stays as it is stored.
 * @param bytes hold the record, whole, at `start`
 */
export function shownRecord(bytes: Buffer, start: number, topic: string, receipt: PopReceipt): Buffer {
  const reading = readRecord(bytes, start)
  if (reading.kind !== 'record') return Buffer.alloc(0)
  const { record } = reading
  const properties = withReceipt(bytes.toString('utf8', record.propertiesStart, record.propertiesEnd), receipt)
  const topicBytes = Buffer.from(topic)
  const isV2 = topicBytes.length > topicBytesMaxV1
  const topicLength = Buffer.alloc(isV2 ? 2 : 1)
  if (isV2) topicLength.writeInt16BE(topicBytes.length)
  else topicLength.writeInt8(topicBytes.length)
  const propertiesLength = Buffer.alloc(2)
  propertiesLength.writeInt16BE(properties.length)
  const head = Buffer.from(bytes.subarray(record.start, record.bodyEnd))
  const shown = Buffer.concat([head, topicLength, topicBytes, propertiesLength, properties])
  shown.writeInt32BE(shown.length, recordPosition.totalSize)
  shown.writeInt32BE(isV2 ? recordMagic.v2 : recordMagic.v1, recordPosition.magic)
  return shown
}

const topicBytesMaxV1 = 127

function withReceipt(text: string, receipt: PopReceipt): Buffer {
  const extended = Buffer.from(withProperties(text, { [propertyName.popCheckpoint]: formatPopReceipt(receipt) }))
  if (extended.length <= propertiesBytesMax) return extended
  // The receipt has to be there: without it the message cannot be acknowledged.
  const kept = [...decodeMessageProperties(text)].filter(([name]) => isOfServers(name))
  kept.push([propertyName.popCheckpoint, formatPopReceipt(receipt)])
  return Buffer.from(encodeMessageProperties(kept))
}

function isOfServers(name: string): boolean {
  return Object.values<string>(propertyName).includes(name) && name !== propertyName.popCheckpoint
}
