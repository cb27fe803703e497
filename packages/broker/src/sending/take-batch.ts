import {
  type commands,
  decodeBatchBody,
  EncodedProperties,
  MessageDecodeError,
  ProtocolError,
  type RequestOf,
  sysFlag,
} from '@rocketmq-ts/protocol'
import type { Call } from '@rocketmq-ts/remoting'
import { batchCountMax, type StoreMessage } from '@rocketmq-ts/storage'
import { checkBodySize } from '../intake/intake.ts'
import type { SendableTopic } from '../topics/index.ts'
import { admit } from './admit.ts'
import { bornHostOf } from './host-cache.ts'
import { placedInLiteTopic } from './lite-placing.ts'
import { refuseOtherKind } from './message-kind.ts'
import { refuseDelayInBatch, refuseMissingKey, refuseNumberedInBatch, refuseUncompactable } from './refused-kinds.ts'
import type { SendParts } from './send-parts.ts'
import type { SendTarget } from './send-target.ts'

/** How a batch is stored: each message for itself, or all as one record. */
export type TakenBatch = { topic: SendableTopic | undefined } & (
  | { kind: 'split'; messages: StoreMessage[] }
  | { kind: 'whole'; message: StoreMessage; count: number; uniqueId: string }
)

type BatchHeader = RequestOf<typeof commands.sendMessage>
type BatchCall = Pick<Call, 'body' | 'request' | 'connection'>

/**
 * Takes a batch: whole when it has an id of its own and its topic is for that (`queue.type=BatchCQ`), and otherwise its
 * messages. They keep their own properties as they are, take consecutive offsets of one queue and are stored all or none.
 * @throws ProtocolError when it is malformed or may not be sent
 */
export function takeBatch(header: BatchHeader, call: BatchCall, parts: SendParts): TakenBatch {
  const given = parts.brokerProperties.encode(header.properties ?? '')
  const target = admit(header, given, parts, call)
  checkBodySize(call.body.length, parts.settings().maxMessageSize)
  const batched = checkedMessages(call.body, target, parts)
  const uniqueId = target.memo?.isOfBatches === true ? given.value('uniqueKey') : undefined
  if (uniqueId !== undefined) return wholeBatch(header, call, parts, target, given, batched.length, uniqueId)
  const common = commonParts(header, call, parts, target)
  const messages = batched.map(({ flag, body, properties }) =>
    parts.batchIntake.take({ ...common, flag, body, properties }),
  )
  if (target.memo?.needsKey === true) {
    for (const message of messages) refuseUncompactable(message, parts.compactedBytesMax)
  }
  return { kind: 'split', topic: target.memo, messages }
}

function wholeBatch(
  header: BatchHeader,
  call: BatchCall,
  parts: SendParts,
  target: SendTarget,
  given: EncodedProperties,
  count: number,
  uniqueId: string,
): TakenBatch {
  if (count > batchCountMax) {
    const remark = `a batch of ${count} messages is over ${batchCountMax}, what a queue of batches can count: send smaller ones`
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
  const common = commonParts(header, call, parts, target)
  const message = parts.batchIntake.take({
    ...common,
    flag: header.flag,
    sysFlag: header.sysFlag | sysFlag.innerBatch | sysFlag.needUnwrap,
    body: call.body,
    properties: parts.brokerProperties.addTo(given, parts.settings()),
  })
  return { kind: 'whole', topic: target.memo, message, count, uniqueId }
}

function commonParts(
  header: BatchHeader,
  { connection }: BatchCall,
  parts: SendParts,
  target: SendTarget,
): Omit<StoreMessage, 'flag' | 'body' | 'properties'> {
  return {
    topic: target.topic,
    queueId: target.queueId,
    sysFlag: header.sysFlag,
    bornTimestamp: header.bornTimestamp,
    bornHost: bornHostOf(connection),
    storeHost: parts.storeHost,
    reconsumeTimes: header.reconsumeTimes ?? 0,
    preparedTransactionOffset: 0,
    handle: target.memo,
  }
}

function checkedMessages(
  body: Buffer,
  target: SendTarget,
  parts: SendParts,
): { flag: number; body: Buffer; properties: EncodedProperties }[] {
  const { enableTopicMessageTypeCheck } = parts.settings()
  return decoded(body).map((one) => {
    const given = new EncodedProperties(one.propertiesBytes)
    const attributes = target.memo?.config.attributes
    refuseDelayInBatch(given)
    if (target.memo?.needsKey === true) refuseMissingKey(given)
    if (enableTopicMessageTypeCheck) refuseOtherKind(target.topic, attributes, given)
    const properties = given.has('liteTopic') ? placedInLiteTopic(given, target.topic, attributes) : given
    if (parts.sendOnce !== undefined) refuseNumberedInBatch(properties)
    return { flag: one.flag, body: one.body, properties }
  })
}

function decoded(body: Buffer): ReturnType<typeof decodeBatchBody> {
  try {
    const messages = decodeBatchBody(body)
    if (messages.length === 0) throw new MessageDecodeError('the batch holds no message')
    return messages
  } catch (error) {
    if (error instanceof MessageDecodeError) throw new ProtocolError('MESSAGE_ILLEGAL', error.message)
    throw error
  }
}
