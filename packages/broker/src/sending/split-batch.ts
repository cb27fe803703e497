import {
  type commands,
  decodeBatchBody,
  EncodedProperties,
  findMessageProperty,
  MessageDecodeError,
  ProtocolError,
  propertyName,
  type RequestOf,
  retryTopicPrefix,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { checkSizes } from './check-message.ts'
import { refuseUnservedKinds } from './refused-kinds.ts'
import type { SendParts } from './send-parts.ts'
import { sendTarget } from './send-target.ts'

const batchedTopicBytesMax = 127

/**
 * The messages of a batch. They keep their own properties as they are, take consecutive offsets of one queue and are
 * stored all or none.
 * @throws ProtocolError when it is malformed or may not be sent
 */
export function splitBatch(
  header: RequestOf<typeof commands.sendMessage>,
  body: Buffer,
  bornHost: Buffer,
  parts: SendParts,
): StoreMessage[] {
  const { topic } = header
  const { maxMessageSize } = parts.settings()
  const known = parts.topics.checkSendable(topic)
  if (topic.startsWith(retryTopicPrefix)) {
    throw new ProtocolError(
      'MESSAGE_ILLEGAL',
      'batch request does not support retry group: send the messages one by one',
    )
  }
  if (topic.length > batchedTopicBytesMax) {
    throw new ProtocolError('MESSAGE_ILLEGAL', `a batch needs a topic of at most ${batchedTopicBytesMax} characters`)
  }
  checkSizes(body.length, maxMessageSize, Buffer.byteLength(header.properties ?? '', 'utf8'))
  const target = sendTarget(header, known, parts)
  const batched = decoded(body)
  const batchId = findMessageProperty(header.properties ?? '', propertyName.uniqueKey)
  return batched.map((one) => {
    const properties = new EncodedProperties(one.propertiesBytes)
    refuseUnservedKinds(properties)
    if (Number(properties.value('delayLevel') ?? 0) > 0) {
      throw new ProtocolError('MESSAGE_ILLEGAL', `a batch takes no delayed messages: send them one by one (${batchId})`)
    }
    return {
      topic: target.topic,
      queueId: target.queueId,
      flag: one.flag,
      sysFlag: header.sysFlag,
      bornTimestamp: header.bornTimestamp,
      bornHost,
      storeHost: parts.storeHost,
      reconsumeTimes: header.reconsumeTimes ?? 0,
      preparedTransactionOffset: 0,
      body: one.body,
      properties,
      memo: target.memo,
    }
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
