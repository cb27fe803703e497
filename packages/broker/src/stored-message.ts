import {
  type BatchedMessage,
  type DecodedMessage,
  decodeBatchBody,
  decodeMessages,
  findMessageProperty,
  halfTopic,
  MessageDecodeError,
  propertyName,
  scheduleTopic,
  sysFlag,
  timerTopic,
} from '@rocketmq-ts/protocol'

const queueIdMax = 0x7fffffff

/** The message of a record that was read; undefined when there is none, or it is damaged. */
export function decodedRecord(record: Buffer | undefined): DecodedMessage | undefined {
  if (record === undefined) return undefined
  try {
    return decodeMessages(record)[0]
  } catch (error) {
    if (error instanceof MessageDecodeError) return undefined
    throw error
  }
}

/** The messages that a record holds: those of a batch that was stored whole, each as if it had been sent alone. */
export function messagesIn(record: DecodedMessage): DecodedMessage[] {
  if ((record.sysFlag & sysFlag.innerBatch) === 0) return [record]
  const flags = record.sysFlag & ~(sysFlag.innerBatch | sysFlag.needUnwrap)
  return batchedMessages(record).map(({ flag, body, propertiesBytes }, index) => ({
    ...record,
    queueOffset: record.queueOffset + index,
    sysFlag: flags,
    flag,
    body,
    properties: propertiesBytes.toString('utf8'),
  }))
}

/** A batch that cannot be read stays one message. */
function batchedMessages({ body, flag, properties }: DecodedMessage): BatchedMessage[] {
  try {
    return decodeBatchBody(body)
  } catch (error) {
    if (!(error instanceof MessageDecodeError)) throw error
    return [{ flag, body, propertiesBytes: Buffer.from(properties) }]
  }
}

/** Whether messages stand in a topic until they go where they belong: until a time, or the end of a transaction. */
export function isWaitingTopic(topic: string): boolean {
  return topic === scheduleTopic || topic === timerTopic || topic === halfTopic
}

/** Where a message that waits belongs; undefined for one that does not say so. */
export function realPlace({
  properties,
}: Pick<DecodedMessage, 'properties'>): { topic: string; queueId: number } | undefined {
  const queueId = Number(findMessageProperty(properties, propertyName.realQueueId))
  return placeIn(findMessageProperty(properties, propertyName.realTopic), queueId)
}

/** A place, unless its parts cannot be those of one. */
export function placeIn(topic: string | undefined, queueId: number): { topic: string; queueId: number } | undefined {
  if (topic === undefined || !Number.isInteger(queueId) || queueId < 0 || queueId > queueIdMax) return undefined
  return { topic, queueId }
}
