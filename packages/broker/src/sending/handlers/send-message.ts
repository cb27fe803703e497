import {
  type commands,
  EncodedProperties,
  encodeRecallHandle,
  findMessageProperty,
  marksOf,
  offsetMessageIds,
  propertyName,
  type RequestOf,
  type ResponseOf,
  retryTopicPrefix,
  timerTopic,
} from '@rocketmq-ts/protocol'
import { answeredLater, type Call, type Handler, type Reply } from '@rocketmq-ts/remoting'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import { isNumbered } from '../../idempotence/send-once.ts'
import { encodedProperty } from '../../intake/property-text.ts'
import type { QueuePlace } from '../../static-topics/static-topic.ts'
import { isWaitingTopic } from '../../stored-message.ts'
import { admit } from '../admit.ts'
import { bornHostOf } from '../host-cache.ts'
import { placedInLiteTopic } from '../lite-placing.ts'
import { placedByPriority } from '../priority.ts'
import { storedPut } from '../put-reply.ts'
import { refuseUncompactable } from '../refused-kinds.ts'
import type { SendParts } from '../send-parts.ts'
import type { SendTarget } from '../send-target.ts'
import { takeBatch } from '../take-batch.ts'

type SendCommand = typeof commands.sendMessage
type SendRequest = RequestOf<SendCommand>
type SendReply = Reply<SendCommand> & { header: ResponseOf<SendCommand> }

/** SEND_MESSAGE and SEND_MESSAGE_V2, which differ in the names of their header fields only, and batches in either. */
export function sendMessage(parts: SendParts): Handler<SendCommand> {
  return (header, call) => (header.batch ? sendBatch(header, call, parts) : sendOne(header, call, parts))
}

function sendOne(header: SendRequest, call: Call<SendCommand>, parts: SendParts): typeof answeredLater {
  let given = parts.brokerProperties.encode(header.properties ?? '')
  const target = admit(header, given, parts, call)
  // Most messages have no priority and no lite topic, and go where they are sent.
  if (given.hasAny(placingMarks)) given = placed(given, target)
  const givenId = given.value('uniqueKey')
  const uniqueId = givenId ?? parts.uniqueId()
  const properties = parts.brokerProperties.addTo(given, parts.settings())
  if (givenId === undefined) {
    properties.append(EncodedProperties.ofText(encodedProperty(propertyName.uniqueKey, uniqueId)))
  }
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
    handle: target.memo,
  }
  const taken = parts.intake.take(message, target.redeliveriesMax)
  if (target.memo?.needsKey === true) refuseUncompactable(taken, parts.compactedBytesMax)
  // The queue that consumers find it in: a delayed message and a half message stand in another one until then.
  const isWaiting = isWaitingTopic(taken.topic)
  const queueId = isWaiting ? target.queueId : taken.queueId
  const recallHandle = isWaiting && taken.topic === timerTopic ? recallHandleOf(taken, uniqueId, parts) : undefined
  const shown = shownPlace(header, target.memo, isWaiting)
  const { sendOnce } = parts
  if (sendOnce !== undefined && isNumbered(taken.properties)) {
    sendOnce.put(taken, queueId, (outcome, firstQueueId) => {
      // Sent once more, a message with a delay has another time than where it was stored.
      const firstHandle = taken.properties.hasAny(delayMarks) ? undefined : recallHandle
      answer(call, target.memo, parts, () => replyToPut(outcome, firstQueueId, uniqueId, parts, shown, firstHandle))
    })
  } else {
    parts.sink.put([taken], (outcome) => {
      answer(call, target.memo, parts, () => replyToPut(outcome, queueId, uniqueId, parts, shown, recallHandle))
    })
  }
  return answeredLater
}

/** Where a message is for its sender, by where it is on this broker. */
type ShownPlace = (queueId: number, queueOffset: number) => QueuePlace

/**
 * Of a static topic, whose clients know logical queues; undefined for an ordinary one.
 * @param isWaiting whether the message stands in another topic until its time: its offset there is what a sender needs
 */
function shownPlace({ lo }: SendRequest, memo: SendTarget['memo'], isWaiting = false): ShownPlace | undefined {
  const mapping = memo?.mapping
  if (mapping === undefined || lo === false) return undefined
  return (queueId, queueOffset) => {
    const place = mapping.logicalPlace(queueId, queueOffset)
    return isWaiting ? { ...place, queueOffset } : place
  }
}

const placingMarks = marksOf('priority', 'liteTopic')

/** Gives a message the queue of its priority, or that of its lite topic beside its own. @returns its properties */
function placed(given: EncodedProperties, target: SendTarget): EncodedProperties {
  const properties = given.has('priority') ? placeByPriority(given, target) : given
  if (!properties.has('liteTopic')) return properties
  return placedInLiteTopic(properties, target.topic, target.memo?.config.attributes)
}

/** Gives a message the queue of its priority. @returns its properties */
function placeByPriority(given: EncodedProperties, target: SendTarget): EncodedProperties {
  // The queues of a static topic stand for nothing but themselves.
  if (target.memo?.mapping !== undefined) return given
  const { queueId, properties } = placedByPriority(given, target.queueNums, target.topic.startsWith(retryTopicPrefix))
  if (queueId !== undefined) target.queueId = queueId
  return properties
}

const delayMarks = marksOf('timerDelaySec', 'timerDelayMs')

/** By what the producer can take back a message that waits for its time; undefined when it does not. */
function recallHandleOf({ properties }: StoreMessage, uniqueKey: string, parts: SendParts): string | undefined {
  const outMs = properties.integer('timerOutMs')
  const topic = properties.value('realTopic')
  if (!Number.isSafeInteger(outMs) || topic === undefined) return undefined
  // Its slot ends with the time itself, so that a message that is due then is in the same slot.
  return encodeRecallHandle({ topic, brokerName: parts.brokerName, deliverMs: outMs + 1, uniqueKey })
}

function sendBatch(header: SendRequest, call: Call<SendCommand>, parts: SendParts): typeof answeredLater {
  const batch = takeBatch(header, call, parts)
  if (batch.kind === 'whole') {
    const { message, count, uniqueId } = batch
    const shown = shownPlace(header, batch.topic)
    parts.putWhole(message, count, (outcome) => {
      answer(call, batch.topic, parts, () => {
        const reply = replyToPut(outcome, message.queueId, uniqueId, parts, shown)
        // A producer takes it for the id of the batch, in place of those of its messages.
        return { ...reply, header: { ...reply.header, batchUniqId: uniqueId } }
      })
    })
    return answeredLater
  }
  const { messages } = batch
  const shown = shownPlace(header, batch.topic)
  const { queueId } = messages[0]!
  const uniqueId = findMessageProperty(header.properties ?? '', propertyName.uniqueKey)
  parts.sink.put(messages, (outcome) => {
    answer(call, batch.topic, parts, () => replyToPut(outcome, queueId, uniqueId, parts, shown))
  })
  return answeredLater
}

/** Who made a topic by a send can find its route from the answer on: consumers that it starts then know where they begin. */
function answer(call: Call<SendCommand>, topic: SendTarget['memo'], parts: SendParts, reply: () => SendReply): void {
  if (topic !== undefined) answerNow(call, reply)
  else void parts.whenRegistered().then(() => answerNow(call, reply))
}

function answerNow(call: Call<SendCommand>, reply: () => SendReply): void {
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
  shown: ShownPlace | undefined,
  recallHandle?: string,
): SendReply {
  const { code, remark, places } = storedPut(outcome)
  const { regionId, traceOn } = parts.settings()
  const { queueOffset } = places[0]!
  const place = shown?.(queueId, queueOffset)
  return {
    code,
    ...(remark === undefined ? {} : { remark }),
    header: {
      msgId: offsetMessageIds(parts.storeHostHex, places),
      queueId: place === undefined ? queueId : place.queueId,
      queueOffset: place === undefined ? queueOffset : place.queueOffset,
      transactionId,
      recallHandle,
      MSG_REGION: regionId,
      TRACE_ON: traceOn,
    },
  }
}
