import { crc32 } from 'node:zlib'
import {
  type DecodedMessage,
  decodeBatchBody,
  decodeMessageProperties,
  decodeMessages,
  encodeHost,
  offsetMessageId,
  propertyName,
  sysFlag,
  upperHex,
} from '@rocketmq-ts/protocol'
import type { ObservedRecord } from './history.ts'

/**
 * The records of a pull or query; of a batch that is one record, its messages.
 * @throws MessageDecodeError when the bytes hold anything else, or a checksum is wrong
 */
export function observedRecords(bytes: Buffer): ObservedRecord[] {
  let end = 0
  return decodeMessages(bytes).flatMap((message) => {
    const start = end
    end += message.totalSize
    const recordCrc = crc32(bytes.subarray(start, end))
    if ((message.sysFlag & sysFlag.innerBatch) === 0) return observedRecord(message, recordCrc, 0)
    return decodeBatchBody(message.body).map(({ body, propertiesBytes }, indexInBatch) =>
      observedRecord({ ...message, body, properties: propertiesBytes.toString() }, recordCrc, indexInBatch),
    )
  })
}

function observedRecord(message: DecodedMessage, recordCrc: number, indexInBatch: number): ObservedRecord {
  const properties = decodeMessageProperties(message.properties)
  const { topic, queueId, queueOffset, physicalOffset, storeHost, storeTimestamp, reconsumeTimes, body } = message
  return {
    topic,
    queueId,
    queueOffset: queueOffset + indexInBatch,
    indexInBatch,
    isOfBatch: (message.sysFlag & sysFlag.innerBatch) !== 0,
    physicalOffset,
    messageId: offsetMessageId(upperHex(encodeHost(storeHost.host, storeHost.port)), physicalOffset),
    id: properties.get(propertyName.uniqueKey) ?? '',
    bodyCrc: crc32(body),
    bodyBytes: body.length,
    storeTimestamp,
    reconsumeTimes,
    recordCrc,
    realTopic: properties.get(propertyName.realTopic),
  }
}
