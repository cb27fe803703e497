import { crc32 } from 'node:zlib'
import {
  decodeMessageProperties,
  decodeMessages,
  encodeHost,
  offsetMessageId,
  propertyName,
  upperHex,
} from '@rocketmq-ts/protocol'
import type { ObservedRecord } from './history.ts'

/**
 * The records of a pull or query.
 * @throws MessageDecodeError when the bytes hold anything else, or a checksum is wrong
 */
export function observedRecords(bytes: Buffer): ObservedRecord[] {
  let end = 0
  return decodeMessages(bytes).map((message) => {
    const start = end
    end += message.totalSize
    const properties = decodeMessageProperties(message.properties)
    const { topic, queueId, queueOffset, physicalOffset, storeHost, storeTimestamp, reconsumeTimes, body } = message
    return {
      topic,
      queueId,
      queueOffset,
      physicalOffset,
      messageId: offsetMessageId(upperHex(encodeHost(storeHost.host, storeHost.port)), physicalOffset),
      id: properties.get(propertyName.uniqueKey) ?? '',
      bodyCrc: crc32(body),
      bodyBytes: body.length,
      storeTimestamp,
      reconsumeTimes,
      recordCrc: crc32(bytes.subarray(start, end)),
      realTopic: properties.get(propertyName.realTopic),
    }
  })
}
