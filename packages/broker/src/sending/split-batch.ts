import {
  type commands,
  decodeBatchBody,
  EncodedProperties,
  MessageDecodeError,
  ProtocolError,
  type RequestOf,
} from '@rocketmq-ts/protocol'
import type { Call } from '@rocketmq-ts/remoting'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { checkBodySize } from '../intake/intake.ts'
import { admit } from './admit.ts'
import { bornHostOf } from './host-cache.ts'
import { refuseOtherKind } from './message-kind.ts'
import { refuseDelayInBatch, refuseNumberedInBatch } from './refused-kinds.ts'
import type { SendParts } from './send-parts.ts'

/**
 * The messages of a batch. They keep their own properties as they are, take consecutive offsets of one queue and are
 * stored all or none.
 * @throws ProtocolError when it is malformed or may not be sent
 */
export function splitBatch(
  header: RequestOf<typeof commands.sendMessage>,
  call: Pick<Call, 'body' | 'request' | 'connection'>,
  parts: SendParts,
): StoreMessage[] {
  const { body, connection } = call
  const target = admit(header, EncodedProperties.ofText(header.properties ?? ''), parts, call)
  const bornHost = bornHostOf(connection)
  const { maxMessageSize, enableTopicMessageTypeCheck } = parts.settings()
  checkBodySize(body.length, maxMessageSize)
  return decoded(body).map((one) => {
    const properties = new EncodedProperties(one.propertiesBytes)
    refuseDelayInBatch(properties)
    if (enableTopicMessageTypeCheck) refuseOtherKind(target.topic, target.memo?.config.attributes, properties)
    if (parts.sendOnce !== undefined) refuseNumberedInBatch(properties)
    return parts.batchIntake.take({
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
      handle: target.memo,
    })
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
