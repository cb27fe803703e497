import {
  deadLetterTopicPrefix,
  type EncodedProperties,
  findMessageProperty,
  ProtocolError,
  propertyName,
  retryTopicPrefix,
} from '@rocketmq-ts/protocol'

/** What kind of message its properties make it: the first of these that is there (wire formats, section 13). */
const kinds: readonly { kind: string; properties: readonly string[]; value?: RegExp }[] = [
  { kind: 'TRANSACTION', properties: [propertyName.transactionPrepared], value: /^true$/i },
  {
    kind: 'DELAY',
    properties: [
      propertyName.delayLevel,
      propertyName.timerDeliverMs,
      propertyName.timerDelaySec,
      propertyName.timerDelayMs,
    ],
  },
  { kind: 'FIFO', properties: ['__SHARDINGKEY'] },
  { kind: 'PRIORITY', properties: ['_SYS_MSG_PRIORITY_'] },
  { kind: 'LITE', properties: ['__LITE_TOPIC'] },
]

const attribute = 'message.type'
const plain = 'NORMAL'
const any = 'MIXED'

function kindOf(properties: string): string {
  for (const { kind, properties: names, value } of kinds) {
    for (const name of names) {
      const text = findMessageProperty(properties, name)
      if (text !== undefined && value?.test(text) !== false) return kind
    }
  }
  return plain
}

/**
 * What RocketMQ's proxy does: a topic takes messages of its type alone. One without a type is NORMAL. Topics of groups
 * take what their groups send back.
 * @param attributes of the topic; undefined for one that is not there yet
 * @throws ProtocolError MESSAGE_ILLEGAL for a message of another kind
 */
export function refuseOtherKind(
  topic: string,
  attributes: ReadonlyMap<string, string> | undefined,
  properties: EncodedProperties,
): void {
  if (topic.startsWith(retryTopicPrefix) || topic.startsWith(deadLetterTopicPrefix)) return
  const type = attributes?.get(attribute) ?? plain
  const kind = kindOf(properties.text)
  if (type === kind || type === any) return
  const remark =
    `TopicMessageType validate failed, the expected type is ${type}, but actual type is ${kind}: send it to a topic of ` +
    `that type (${attribute}), or switch enableTopicMessageTypeCheck of the broker off`
  throw new ProtocolError('MESSAGE_ILLEGAL', remark)
}
