import {
  decimalInteger,
  type EncodedProperties,
  marksOf,
  ProtocolError,
  propertyName,
  recordBytes,
  sysFlag,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { isNumbered } from '../idempotence/send-once.ts'
import { delayLevelOf, isHalf } from '../intake/transforms.ts'
import { isWaitingTopic } from '../stored-message.ts'

const transactionMark = marksOf('transactionPrepared')

/** @throws ProtocolError NO_PERMISSION for a message of a transaction, where the settings take none */
export function refuseTransaction(
  properties: EncodedProperties,
  reconsumeTimes: number,
  settings: () => { rejectTransactionMessage: boolean; brokerIP1: string },
): void {
  if (!properties.hasAny(transactionMark) || !isHalf(properties, reconsumeTimes)) return
  const { rejectTransactionMessage, brokerIP1 } = settings()
  if (!rejectTransactionMessage) return
  const remark = `the broker[${brokerIP1}] sending transaction message is forbidden: its rejectTransactionMessage is set`
  throw new ProtocolError('NO_PERMISSION', remark)
}

/** @throws ProtocolError MESSAGE_ILLEGAL for flags that no message of a producer can have, as the official broker does */
export function refuseIllegalFlags(flags: number, isBatch: boolean): void {
  if ((flags & sysFlag.innerBatch) !== 0) {
    const remark = `sysFlag ${flags} has the bit of an inner batch (${sysFlag.innerBatch}), which only brokers set`
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
  if (isBatch && (flags & sysFlag.transactionMask) !== 0) {
    const remark = `sysFlag ${flags} has bits of a transaction (${sysFlag.transactionMask}): a batch cannot be part of one`
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
}

/** @throws ProtocolError MESSAGE_ILLEGAL for a message without a key, in a topic of which the last one of each is kept */
export function refuseMissingKey(properties: EncodedProperties): void {
  const key = properties.value('keys')
  if (key !== undefined && key.trim() !== '') return
  const remark = `Required message key is missing: a topic with cleanup.policy=COMPACTION needs ${propertyName.keys}`
  throw new ProtocolError('MESSAGE_ILLEGAL', remark)
}

/** What a message that waits for its time, or the end of its transaction, may gain until it is in its topic. */
const laterBytesMax = 256

/**
 * @param message of a topic of which the last message of each key is kept, as it is to be stored
 * @param bytesMax see `compactedBytesMax`
 * @throws ProtocolError MESSAGE_ILLEGAL for one that would be lost as soon as a compaction covers it
 */
export function refuseUncompactable(message: StoreMessage, bytesMax: number): void {
  const { topic, properties } = message
  const parts = { ...message, topicBytes: Buffer.from(topic), propertiesBytes: properties.bytes }
  const bytes = recordBytes(parts) + (isWaitingTopic(topic) ? laterBytesMax : 0)
  if (bytes <= bytesMax) return
  const remark =
    `a message that takes ${bytes} bytes in the log is over ${bytesMax}, what a topic with cleanup.policy=COMPACTION can keep: ` +
    'send a smaller one, or make the store anew with a larger compactionMappedFileSize'
  throw new ProtocolError('MESSAGE_ILLEGAL', remark)
}

const int32Max = 2 ** 31 - 1

/** @throws ProtocolError MESSAGE_ILLEGAL for a delay level that is no integer of 32 bits */
export function refuseMalformedDelay(properties: EncodedProperties): void {
  const text = properties.value('delayLevel')
  if (text === undefined) return
  const level = decimalInteger(text)
  if (level >= ~int32Max && level <= int32Max) return
  const remark = `the property ${propertyName.delayLevel} is "${text.slice(0, 64)}": it must be a delay level, an integer`
  throw new ProtocolError('MESSAGE_ILLEGAL', remark)
}

const timerMarks = marksOf('timerDelaySec', 'timerDelayMs', 'timerDeliverMs')

/** @throws ProtocolError MESSAGE_ILLEGAL for a time in the properties of a batch, all of which would have to wait */
export function refuseTimeOfBatch(properties: EncodedProperties): void {
  if (!properties.hasAny(timerMarks)) return
  throw new ProtocolError('MESSAGE_ILLEGAL', 'a batch is not delayed (TIMER_...): send its messages one by one')
}

/** @throws ProtocolError MESSAGE_ILLEGAL for a delay level in the properties of a batch or of a message in it */
export function refuseDelayInBatch(properties: EncodedProperties): void {
  if (delayLevelOf(properties) === undefined) return
  throw new ProtocolError('MESSAGE_ILLEGAL', 'a batch takes no delayed messages (DELAY): send them one by one')
}

/** @throws ProtocolError MESSAGE_ILLEGAL for a message of a batch that its producer has numbered */
export function refuseNumberedInBatch(properties: EncodedProperties): void {
  if (!isNumbered(properties)) return
  const remark = `a batch takes no messages with ${propertyName.producerSequence}: send them one by one`
  throw new ProtocolError('MESSAGE_ILLEGAL', remark)
}
