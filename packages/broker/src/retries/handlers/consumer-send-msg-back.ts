import {
  type commands,
  type DecodedMessage,
  deadLetterTopicPrefix,
  EncodedProperties,
  findMessageProperty,
  offsetMessageId,
  ProtocolError,
  propertyName,
  type RequestOf,
  retryTopicOf,
  type SubscriptionGroupConfig,
  sysFlag,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import { answeredLater, type Handler } from '@rocketmq-ts/remoting'
import type { StoreMessage } from '@rocketmq-ts/storage'
import type { Intake, MessageSink } from '../../intake/intake.ts'
import { withProperties } from '../../intake/property-text.ts'
import { storedAgain } from '../../intake/stored-again.ts'
import { priorityIn, queueOfPriority } from '../../sending/priority.ts'
import { storedPut } from '../../sending/put-reply.ts'
import { redeliveriesMax } from '../../sending/redeliveries-max.ts'
import { checkTakesMessages, knownGroup, type SendTargetParts } from '../../sending/send-target.ts'
import { decodedRecord, messagesIn } from '../../stored-message.ts'
import { unitFlagOf } from '../../topics/index.ts'
import type { Traces } from '../../traces/create-traces.ts'

export interface SendBackParts extends Omit<SendTargetParts, 'locks'> {
  topics: SendTargetParts['topics'] & {
    get(topic: string): TopicConfig | undefined
    /** Gives a retry topic more queues when it has fewer. */
    widenInternal(topic: string, queueNums: number): TopicConfig
  }
  store: { recordAt(physicalOffset: number): Promise<Buffer | undefined> }
  sink: MessageSink
  intake: Intake
  storeHost: Buffer
  storeHostHex: string
  traces: Pick<Traces, 'stored'>
  onSentBack(group: string, topic: string): void
  onDeadLetter(group: string, topic: string): void
}

/** Added to the number of redeliveries, it gives the delay level of the next one: the first comes after 10 s. */
const firstRetryLevel = 3

/**
 * CONSUMER_SEND_MSG_BACK: a consumer could not handle a message. A copy goes to the group's retry topic after a delay
 * that grows, or to its dead letters when it was redelivered as often as it may be, or when the consumer asks for that
 * by a negative delay level.
 */
export function consumerSendMsgBack(parts: SendBackParts): Handler<typeof commands.consumerSendMsgBack> {
  return async (header, call) => {
    checkTakesMessages(parts.brokerPermission())
    const { group } = header
    const config = knownGroup(parts.groups, group)
    // The group wants no redelivery: the message counts as handled.
    if (config.retryQueueNums <= 0) return {}
    const record = decodedRecord(await parts.store.recordAt(header.offset))
    if (record === undefined) {
      const remark = `look message by offset failed, ${header.offset}: it is not in the log, or damaged`
      throw new ProtocolError('SYSTEM_ERROR', remark)
    }
    const message = messageOf(record, header.originMsgId)
    const limit = redeliveriesMax(header.maxReconsumeTimes, call.request.version, config)
    const copy = parts.intake.take(retryCopy(message, config, header, parts), header.delayLevel < 0 ? 0 : limit)
    const isDeadLetter = copy.topic.startsWith(deadLetterTopicPrefix)
    parts.sink.put([copy], (outcome) => {
      try {
        const { code, remark, places } = storedPut(outcome)
        parts.traces.stored(copy, places[0]!, isDeadLetter ? 'normal' : 'delayed', message.storeTimestamp, group)
        const firstTopic = topicToCount(message, parts)
        parts.onSentBack(group, firstTopic)
        if (isDeadLetter) parts.onDeadLetter(group, firstTopic)
        call.answer(remark === undefined ? { code } : { code, remark })
      } catch (error) {
        call.fail(error)
      }
    })
    return answeredLater
  }
}

/**
 * The message of a record. In a batch that was stored whole it is the one with the id that the client gives.
 * @throws ProtocolError SYSTEM_ERROR, as official brokers do for all of them, when there is none of that id
 */
function messageOf(record: DecodedMessage, id: string | undefined): DecodedMessage {
  if ((record.sysFlag & sysFlag.innerBatch) === 0) return record
  const hasId = ({ properties }: DecodedMessage) => findMessageProperty(properties, propertyName.uniqueKey) === id
  const found = id === undefined ? undefined : messagesIn(record).find(hasId)
  if (found !== undefined) return found
  const remark = `at ${record.physicalOffset} there is a batch, and none of its messages has the originMsgId ${id}: send back one of them`
  throw new ProtocolError('SYSTEM_ERROR', remark)
}

/** One that comes from the retry topic counts for the topic that it was first sent to, unless a client invented that. */
function topicToCount({ topic, properties }: DecodedMessage, { topics }: SendBackParts): string {
  const firstTopic = findMessageProperty(properties, propertyName.retryTopic)
  return firstTopic !== undefined && topics.get(firstTopic) !== undefined ? firstTopic : topic
}

/**
 * Any queue of the retry topic. A message with a priority keeps it: it goes to the queue of that, in a retry topic that has
 * as many queues as the message's own topic.
 */
function retryQueue(
  { topic, properties }: DecodedMessage,
  originalTopic: string | undefined,
  { retryQueueNums }: SubscriptionGroupConfig,
  retryTopic: TopicConfig,
  { topics, random }: SendBackParts,
): number {
  const priority = priorityIn(properties)
  if (priority === undefined) return random.below(retryQueueNums)
  const wanted = topics.get(originalTopic ?? topic)?.writeQueueNums ?? 1
  const { writeQueueNums } = topics.widenInternal(retryTopic.topicName, Math.max(wanted, retryQueueNums))
  return queueOfPriority(priority, writeQueueNums)
}

function retryCopy(
  message: DecodedMessage,
  config: SubscriptionGroupConfig,
  { delayLevel: askedLevel, unitMode }: RequestOf<typeof commands.consumerSendMsgBack>,
  parts: SendBackParts,
): StoreMessage {
  const topic = retryTopicOf(config.groupName)
  const made = parts.topics.ensureInternal(topic, config.retryQueueNums, unitFlagOf(unitMode, true))
  const { properties, reconsumeTimes } = message
  const level = askedLevel === 0 ? firstRetryLevel + reconsumeTimes : askedLevel
  const originId = findMessageProperty(properties, propertyName.originMessageId)
  const retryTopic = findMessageProperty(properties, propertyName.retryTopic)
  return storedAgain(message, {
    topic,
    queueId: retryQueue(message, retryTopic, config, made, parts),
    storeHost: parts.storeHost,
    reconsumeTimes: reconsumeTimes + 1,
    properties: EncodedProperties.ofText(
      withProperties(properties, {
        [propertyName.originMessageId]: originId ?? offsetMessageId(parts.storeHostHex, message.physicalOffset),
        [propertyName.retryTopic]: retryTopic ?? message.topic,
        [propertyName.waitStoreOk]: 'false',
        [propertyName.delayLevel]: String(level),
      }),
    ),
  })
}
