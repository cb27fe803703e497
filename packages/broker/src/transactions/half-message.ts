import {
  type DecodedMessage,
  decimalInteger,
  EncodedProperties,
  encodeHost,
  findMessageProperty,
  halfTopic,
  propertyName,
  recordBytes,
  sysFlag,
  transactionChecksOverTopic,
  writeRecord,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { withProperties } from '../intake/property-text.ts'
import { type ChangesOfCopy, storedAgain } from '../intake/stored-again.ts'
import type { HalfTime } from './half-slots.ts'

/** The offset at which a transaction's first half stands: a renewed half names it, any other is the first. */
export function originOf({ properties, queueOffset }: Pick<DecodedMessage, 'properties' | 'queueOffset'>): number {
  const text = findMessageProperty(properties, propertyName.preparedQueueOffset)
  const offset = text === undefined ? -1 : decimalInteger(text)
  return offset >= 0 && offset < queueOffset ? offset : queueOffset
}

export function timeOfHalf({
  bornTimestamp,
  storeTimestamp,
  properties,
}: Pick<DecodedMessage, 'bornTimestamp' | 'storeTimestamp' | 'properties'>): HalfTime {
  return { bornTimestamp, storeTimestamp, ownImmunityMs: ownImmunityMs(properties) }
}

/** Whether a half asks for a time of its own, be it one that cannot be read. */
export function asksForTime({ properties }: Pick<DecodedMessage, 'properties'>): boolean {
  return findMessageProperty(properties, propertyName.checkImmunitySeconds) !== undefined
}

/** Milliseconds after its birth in which a half asks to be left alone; undefined when it leaves that to the broker. */
function ownImmunityMs(properties: string): number | undefined {
  const text = findMessageProperty(properties, propertyName.checkImmunitySeconds)
  const seconds = text === undefined ? -1 : decimalInteger(text)
  return Number.isNaN(seconds) || seconds === -1 ? undefined : seconds * 1000
}

/** How often the producers of a half were asked already. */
export function checkCountOf({ properties }: Pick<DecodedMessage, 'properties'>): number {
  const text = findMessageProperty(properties, propertyName.transactionCheckTimes)
  const count = text === undefined ? 0 : decimalInteger(text)
  return Number.isNaN(count) ? 0 : count
}

/** The message of a committed transaction. It names the half that it comes from by its position in the log. */
export function committedCopy(
  half: DecodedMessage,
  place: { topic: string; queueId: number },
  storeHost: Buffer,
): StoreMessage {
  const copy = copyOf(
    half,
    { ...place, storeHost },
    {
      [propertyName.realTopic]: undefined,
      [propertyName.realQueueId]: undefined,
      [propertyName.preparedQueueOffset]: undefined,
    },
  )
  return {
    ...copy,
    sysFlag: (half.sysFlag & ~sysFlag.transactionMask) | sysFlag.transactionCommit,
    preparedTransactionOffset: half.physicalOffset,
  }
}

/** A half as it takes its own place behind all others when its producers are asked once more. */
export function renewedHalf(half: DecodedMessage, checkCount: number, storeHost: Buffer): StoreMessage {
  return copyOf(
    half,
    { topic: halfTopic, queueId: half.queueId, storeHost },
    {
      [propertyName.transactionCheckTimes]: String(checkCount),
      [propertyName.preparedQueueOffset]: String(originOf(half)),
    },
  )
}

/** A half that is given up, as it is kept for whoever looks after it. */
export function givenUpHalf(half: DecodedMessage, storeHost: Buffer): StoreMessage {
  return copyOf(half, { topic: transactionChecksOverTopic, queueId: 0, storeHost }, {})
}

/** A half that was given up, as it is asked about anew: as if it had never been. */
export function resumedHalf(kept: DecodedMessage, storeHost: Buffer): StoreMessage {
  return copyOf(
    kept,
    { topic: halfTopic, queueId: 0, storeHost },
    { [propertyName.transactionCheckTimes]: '0', [propertyName.preparedQueueOffset]: undefined },
  )
}

function copyOf(
  half: DecodedMessage,
  place: Pick<ChangesOfCopy, 'topic' | 'queueId' | 'storeHost'>,
  changes: Record<string, string | undefined>,
): StoreMessage {
  return storedAgain(half, {
    ...place,
    reconsumeTimes: half.reconsumeTimes,
    properties: EncodedProperties.ofText(withProperties(half.properties, changes)),
  })
}

/** A message as a record, as the body of CHECK_TRANSACTION_STATE holds it. */
export function recordOf(message: DecodedMessage): Buffer {
  const toStore = {
    ...message,
    topicBytes: Buffer.from(message.topic),
    bornHost: encodeHost(message.bornHost.host, message.bornHost.port),
    storeHost: encodeHost(message.storeHost.host, message.storeHost.port),
    propertiesBytes: Buffer.from(message.properties),
  }
  const totalSize = recordBytes(toStore)
  const bytes = Buffer.alloc(totalSize)
  writeRecord(bytes, 0, totalSize, toStore, message.queueOffset, message.physicalOffset, message.storeTimestamp)
  return bytes
}
