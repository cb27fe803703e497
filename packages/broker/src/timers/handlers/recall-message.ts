import type { Clock } from '@rocketmq-ts/platform'
import {
  type commands,
  decodeRecallHandle,
  EncodedProperties,
  encodeMessageProperties,
  ProtocolError,
  permission,
  propertyName,
  type RecallHandle,
  RecallHandleError,
  type RequestOf,
} from '@rocketmq-ts/protocol'
import { answeredLater, type Handler } from '@rocketmq-ts/remoting'
import type { StoreMessage } from '@rocketmq-ts/storage'
import type { Intake, MessageSink } from '../../intake/intake.ts'
import { bornHostOf } from '../../sending/host-cache.ts'
import { storedPut } from '../../sending/put-reply.ts'
import { deleteKeyOf } from '../timer-message.ts'

export interface RecallMessageParts {
  clock: Clock
  brokerName: string
  storeHost: Buffer
  topics: { get(topic: string): unknown }
  sink: MessageSink
  intake: Intake
  settings(): {
    recallMessageEnable: boolean
    allowRecallWhenBrokerNotWriteable: boolean
    appendTopicForTimerDeleteKey: boolean
    brokerPermission: number
    timerMaxDelaySec: number
    startAcceptSendRequestTimeStamp: number
    regionId: string
  }
}

const recallTag = '_RECALL_TAG_'
const recallBody = Buffer.from('0')

/**
 * RECALL_MESSAGE: takes a message back that waits for its time, by the handle that its send was answered with. A message
 * that says so waits with it, and is met first.
 */
export function recallMessage(parts: RecallMessageParts): Handler<typeof commands.recallMessage> {
  return (header, call) => {
    checkAllowed(parts)
    const handle = checkedHandle(header, parts)
    const { topic, uniqueKey, deliverMs } = handle
    const nowMs = parts.clock.now()
    const isTopicAppended = parts.settings().appendTopicForTimerDeleteKey
    const properties: [string, string][] = [
      [propertyName.tags, recallTag],
      [propertyName.timerDeleteUniqueKey, deleteKeyOf(topic, uniqueKey, isTopicAppended)],
      [propertyName.uniqueKey, uniqueKey],
      [propertyName.timerDeliverMs, String(deliverMs)],
      [propertyName.bornTimestamp, String(nowMs)],
    ]
    if (header.producerGroup !== undefined) properties.push([propertyName.producerGroup, header.producerGroup])
    const message: StoreMessage = {
      topic,
      queueId: 0,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: nowMs,
      bornHost: bornHostOf(call.connection),
      storeHost: parts.storeHost,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: recallBody,
      properties: EncodedProperties.ofText(encodeMessageProperties(properties)),
    }
    parts.sink.put([parts.intake.take(message)], (outcome) => {
      try {
        // Stored is stored, whether or not the disk was in time.
        storedPut(outcome)
        call.answer({ header: { msgId: uniqueKey, MSG_REGION: parts.settings().regionId } })
      } catch (error) {
        call.fail(error)
      }
    })
    return answeredLater
  }
}

function checkAllowed({ settings, clock }: RecallMessageParts): void {
  const {
    recallMessageEnable,
    allowRecallWhenBrokerNotWriteable,
    brokerPermission,
    startAcceptSendRequestTimeStamp: acceptMs,
  } = settings()
  if (!recallMessageEnable) {
    throw new ProtocolError('NO_PERMISSION', 'this broker lets nobody recall messages: set recallMessageEnable')
  }
  if (clock.now() < acceptMs) {
    const remark = `broker unable to service, until ${new Date(acceptMs).toISOString()} (startAcceptSendRequestTimeStamp)`
    throw new ProtocolError('SERVICE_NOT_AVAILABLE', remark)
  }
  if ((brokerPermission & permission.write) === 0 && !allowRecallWhenBrokerNotWriteable) {
    const remark = 'this broker takes no messages, and no recalls either (allowRecallWhenBrokerNotWriteable)'
    throw new ProtocolError('SERVICE_NOT_AVAILABLE', remark)
  }
}

function checkedHandle(
  { topic, recallHandle }: RequestOf<typeof commands.recallMessage>,
  { topics, brokerName, clock, settings }: RecallMessageParts,
): RecallHandle {
  if (topics.get(topic) === undefined) {
    throw new ProtocolError('TOPIC_NOT_EXIST', `topic[${topic}] not exist: no message of it can be recalled`)
  }
  const handle = decoded(recallHandle)
  if (handle.topic !== topic) refuse(`it names a message of topic ${handle.topic}, not of ${topic}`)
  if (handle.brokerName !== brokerName)
    refuse(`the message is kept by broker ${handle.brokerName}, not by ${brokerName}`)
  const leftMs = handle.deliverMs - clock.now()
  if (leftMs <= 0 || leftMs >= settings().timerMaxDelaySec * 1000) refuse('no message waits for that time')
  return handle
}

function decoded(text: string): RecallHandle {
  try {
    return decodeRecallHandle(text)
  } catch (error) {
    if (error instanceof RecallHandleError) refuse(error.message)
    throw error
  }
}

function refuse(reason: string): never {
  throw new ProtocolError('ILLEGAL_OPERATION', `the recall handle cannot be used: ${reason}`)
}
