import {
  decodeMessageProperties,
  encodeMessageProperties,
  findMessageProperty,
  formatLightOffsets,
  formatPopReceipt,
  type PopReceipt,
  propertiesBytesMax,
  propertyName,
  type RecordLayout,
  readRecord,
  recordMagic,
  recordPosition,
} from '@rocketmq-ts/protocol'
import { withProperties } from '../intake/property-text.ts'

/**
 * The record of a message of a retry topic as its group is shown it: under the topic that the group consumes, with the
 * receipt among its properties. The rest stays as it is stored.
 * @param bytes hold the record, whole, at `start`
 */
export function shownRecord(bytes: Buffer, start: number, topic: string, receipt: PopReceipt): Buffer {
  const reading = readRecord(bytes, start)
  if (reading.kind !== 'record') return Buffer.alloc(0)
  const { record } = reading
  const properties = withReceipt(propertiesOf(bytes, record), receipt)
  return rewritten(bytes, record, Buffer.from(topic), properties)
}

/**
 * The record of a message as it is shown to whoever is given it of a light queue: as if it stood in no other one. Clients know
 * by its properties what they were given, and take the first light queue that these name.
 * @param bytes hold the record, whole
 */
export function recordInLightQueue(bytes: Buffer, queue: string, queueOffset: number): Buffer {
  const reading = readRecord(bytes, 0)
  if (reading.kind !== 'record') return bytes
  const { record } = reading
  const text = propertiesOf(bytes, record)
  if (findMessageProperty(text, propertyName.multiDispatch) === queue) return bytes
  const place = {
    [propertyName.multiDispatch]: queue,
    [propertyName.multiQueueOffset]: formatLightOffsets([queueOffset]),
  }
  const topic = bytes.subarray(record.topicStart, record.topicEnd)
  return rewritten(bytes, record, topic, Buffer.from(withProperties(text, place)))
}

function propertiesOf(bytes: Buffer, { propertiesStart, propertiesEnd }: RecordLayout): string {
  return bytes.toString('utf8', propertiesStart, propertiesEnd)
}

function rewritten(bytes: Buffer, record: RecordLayout, topicBytes: Buffer, properties: Buffer): Buffer {
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
