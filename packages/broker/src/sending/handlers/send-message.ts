import type { Clock } from '@rocketmq-ts/platform'
import {
  type commands,
  EncodedProperties,
  findMessageProperty,
  offsetMessageIds,
  ProtocolError,
  propertyName,
  type RequestOf,
} from '@rocketmq-ts/protocol'
import { answeredLater, type Call, type Handler, type Reply } from '@rocketmq-ts/remoting'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import { checkSizes } from '../check-message.ts'
import { delayed } from '../delay-transform.ts'
import { bornHostOf } from '../host-cache.ts'
import { encodedProperty, withProperties } from '../property-text.ts'
import { storedPut } from '../put-reply.ts'
import { refuseUnservedKinds } from '../refused-kinds.ts'
import type { SendParts } from '../send-parts.ts'
import { sendTarget } from '../send-target.ts'
import { splitBatch } from '../split-batch.ts'

type SendCommand = typeof commands.sendMessage
type SendRequest = RequestOf<SendCommand>
type SendReply = Reply<SendCommand>

/** SEND_MESSAGE and SEND_MESSAGE_V2, which differ in the names of their header fields only, and batches in either. */
export function sendMessage(parts: SendParts): Handler<SendCommand> {
  return (header, call) => {
    const messages = header.batch ? splitBatch(header, call.body, bornHostOf(call.connection), parts) : undefined
    return messages === undefined ? sendOne(header, call, parts) : storeBatch(header, messages, call, parts)
  }
}

function sendOne(header: SendRequest, call: Call<SendCommand>, parts: SendParts): typeof answeredLater {
  const settings = parts.settings()
  checkAccepting(settings.startAcceptSendRequestTimeStamp, parts.clock)
  const known = parts.topics.checkSendable(header.topic)
  const given = parts.brokerProperties.encode(header.properties ?? '')
  checkSizes(call.body.length, settings.maxMessageSize, given.bytes.length)
  refuseUnservedKinds(given)
  const target = sendTarget(header, known, parts)
  const givenId = given.value('uniqueKey')
  const uniqueId = givenId ?? parts.uniqueId()
  let properties = parts.brokerProperties.addTo(given, settings)
  if (givenId === undefined) {
    properties.append(EncodedProperties.ofText(encodedProperty(propertyName.uniqueKey, uniqueId)))
  }
  if (target.isDeadLetter && properties.has('delayLevel')) {
    properties = EncodedProperties.ofText(withProperties(properties.text, { [propertyName.delayLevel]: undefined }))
  }
  checkSizes(0, 0, properties.bytes.length)
  const message: StoreMessage = {
    topic: target.topic,
    queueId: target.queueId,
    flag: header.flag,
    sysFlag: header.sysFlag,
    bornTimestamp: header.bornTimestamp,
    bornHost: bornHostOf(call.connection),
    storeHost: parts.storeHost,
    reconsumeTimes: header.reconsumeTimes ?? 0,
    preparedTransactionOffset: 0,
    body: call.body,
    properties,
    memo: target.memo,
  }
  parts.sink.put([delayed(message, parts.highestDelayLevel)], (outcome) => {
    answer(call, () => replyToPut(outcome, target.queueId, uniqueId, parts))
  })
  return answeredLater
}

function storeBatch(
  header: SendRequest,
  messages: readonly StoreMessage[],
  call: Call<SendCommand>,
  parts: SendParts,
): typeof answeredLater {
  checkAccepting(parts.settings().startAcceptSendRequestTimeStamp, parts.clock)
  const { queueId } = messages[0]!
  const uniqueId = findMessageProperty(header.properties ?? '', propertyName.uniqueKey)
  parts.sink.put(messages, (outcome) => {
    answer(call, () => replyToPut(outcome, queueId, uniqueId, parts))
  })
  return answeredLater
}

function answer(call: Call<SendCommand>, reply: () => SendReply): void {
  try {
    call.answer(reply())
  } catch (error) {
    call.fail(error)
  }
}

function replyToPut(
  outcome: PutOutcome,
  queueId: number,
  transactionId: string | undefined,
  parts: SendParts,
): SendReply {
  const { code, remark, places } = storedPut(outcome)
  const { regionId, traceOn } = parts.settings()
  return {
    code,
    ...(remark === undefined ? {} : { remark }),
    header: {
      msgId: offsetMessageIds(parts.storeHostHex, places),
      queueId,
      queueOffset: places[0]!.queueOffset,
      transactionId,
      MSG_REGION: regionId,
      TRACE_ON: traceOn,
    },
  }
}

function checkAccepting(fromTimestamp: number, clock: Clock): void {
  if (fromTimestamp <= 0 || clock.now() >= fromTimestamp) return
  const remark = `broker unable to service, until ${new Date(fromTimestamp).toISOString()} (startAcceptSendRequestTimeStamp)`
  throw new ProtocolError('SYSTEM_ERROR', remark)
}
