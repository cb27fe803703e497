import type { Clock } from '@rocketmq-ts/platform'
import { type EncodedProperties, ProtocolError, retryTopicPrefix } from '@rocketmq-ts/protocol'
import { refuseOtherKind } from './message-kind.ts'
import {
  refuseDelayInBatch,
  refuseIllegalFlags,
  refuseMalformedDelay,
  refuseMissingKey,
  refuseTimeOfBatch,
  refuseTransaction,
} from './refused-kinds.ts'
import { type Sender, type SendHeader, type SendTarget, type SendTargetParts, sendTarget } from './send-target.ts'

export interface AdmitParts extends SendTargetParts {
  clock: Clock
  settings(): {
    startAcceptSendRequestTimeStamp: number
    rejectTransactionMessage: boolean
    enableTopicMessageTypeCheck: boolean
    brokerIP1: string
  }
}

export interface AdmitHeader extends SendHeader {
  sysFlag: number
  reconsumeTimes?: number | undefined
  batch?: boolean | undefined
}

const batchedTopicBytesMax = 127

/**
 * Checks all of a send but the contents of its messages, in one order for one message and for a batch.
 * @param properties of the message, or of the batch as a whole
 * @returns where it goes
 * @throws ProtocolError with what keeps it from being taken
 */
export function admit(
  header: AdmitHeader,
  properties: EncodedProperties,
  parts: AdmitParts,
  sender: Sender,
): SendTarget {
  const isBatch = header.batch === true
  const { startAcceptSendRequestTimeStamp, enableTopicMessageTypeCheck } = parts.settings()
  checkAccepting(startAcceptSendRequestTimeStamp, parts.clock)
  const known = parts.topics.checkSendable(header.topic)
  if (isBatch) checkBatchTopic(header.topic)
  refuseIllegalFlags(header.sysFlag, isBatch)
  if (!isBatch) refuseTransaction(properties, header.reconsumeTimes ?? 0, parts.settings)
  refuseMalformedDelay(properties)
  if (enableTopicMessageTypeCheck && !isBatch) refuseOtherKind(header.topic, known?.config.attributes, properties)
  const target = sendTarget(header, known, parts, sender)
  if (!isBatch && known?.needsKey === true) refuseMissingKey(properties)
  if (isBatch) {
    refuseDelayInBatch(properties)
    refuseTimeOfBatch(properties)
  }
  return target
}

function checkAccepting(fromTimestamp: number, clock: Clock): void {
  if (fromTimestamp <= 0 || clock.now() >= fromTimestamp) return
  const remark = `broker unable to service, until ${new Date(fromTimestamp).toISOString()} (startAcceptSendRequestTimeStamp)`
  throw new ProtocolError('SYSTEM_ERROR', remark)
}

function checkBatchTopic(topic: string): void {
  if (topic.startsWith(retryTopicPrefix)) {
    const remark = 'batch request does not support retry group: send the messages one by one'
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
  if (topic.length > batchedTopicBytesMax) {
    throw new ProtocolError('MESSAGE_ILLEGAL', `a batch needs a topic of at most ${batchedTopicBytesMax} characters`)
  }
}
