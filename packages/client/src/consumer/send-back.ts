import { commands, encodeMessageProperties, propertyName, type RequestOf, retryTopicOf } from '@rocketmq-ts/protocol'
import { Deadline, pauseUnless } from '../calls/deadline.ts'
import { backoffMs, defaultBackoff } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { compressBody } from '../messages/body-compression.ts'
import type { RawMessage } from '../messages/received-message.ts'
import type { RocketMQError } from '../rocketmq-error.ts'

export interface SendBackParts {
  readonly client: ClusterClient
  readonly group: string
  /** Deliveries of a message at the most; the broker's setting of the group without it. */
  readonly attemptsMax: number | undefined
  /** Whether it ends when the broker will never take the message, such as one that is larger than what may be sent by now. */
  readonly isRefusalFinal?: boolean
}

/**
 * Gives a message back to its broker, which delivers it again later, or puts it among the group's dead letters. It tries
 * until the broker has taken it: a message is never given up because its broker is gone for a while.
 * @param delayLevel 0 leaves the delay to the broker, -1 makes it a dead letter
 * @returns whether the broker has it; false when the signal ended it, or a refusal that is final
 */
export async function sendBack(
  message: RawMessage,
  delayLevel: number,
  { client, group, attemptsMax, isRefusalFinal = false }: SendBackParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { clock, random } = client.runtime
  const { queue, messageId } = message
  const parts = { client, group, attemptsMax }
  for (let failures = 1; !signal.aborted; failures++) {
    const deadline = new Deadline(clock, { signal }, client.attemptTimeoutMs)
    try {
      await sendBackOnce(message, delayLevel, parts, deadline)
      return true
    } catch (error) {
      if (signal.aborted) break
      const failure = error as RocketMQError
      client.log.warn({ messageId, ...queue, failures, err: failure }, 'a message could not be given back yet')
      if (isRefusalFinal && failure.code === 'MESSAGE_ILLEGAL') return false
      client.learnFrom(failure, client.namespace.wrap(queue.topic))
    }
    await pauseUnless(signal, backoffMs(defaultBackoff, failures, random), clock)
  }
  return false
}

/** What names a message to its broker. */
export type SentBack = Pick<RawMessage, 'queue' | 'physicalOffset' | 'messageId' | 'topic'>

/**
 * One attempt of `sendBack`.
 * @param message whole, or what names it; official brokers refuse one of a batch that was stored whole unless it is whole
 * @throws RocketMQError when its broker has not taken it
 */
export async function sendBackOnce(
  message: RawMessage | SentBack,
  delayLevel: number,
  parts: SendBackParts,
  deadline: Deadline,
): Promise<void> {
  try {
    await sendPlaceBack(message, delayLevel, parts, deadline)
  } catch (error) {
    // So official brokers refuse it: its place is that of the batch, which is no message of a retry topic.
    const isRefusedBatch = isOfBatch(message) && (error as RocketMQError).code === 'SYSTEM_ERROR'
    if (!isRefusedBatch) throw error
    await sendAnew(message, delayLevel, parts, deadline)
  }
}

function isOfBatch(message: RawMessage | SentBack): message is RawMessage {
  return 'isOfBatch' in message && message.isOfBatch
}

async function sendPlaceBack(
  { queue, physicalOffset, messageId, topic }: SentBack,
  delayLevel: number,
  { client, group, attemptsMax }: SendBackParts,
  deadline: Deadline,
): Promise<void> {
  const address = client.routes.knownMasterAddress(queue)
  const command = commands.consumerSendMsgBack
  const header = {
    offset: physicalOffset,
    group,
    delayLevel,
    originMsgId: messageId,
    originTopic: client.namespace.wrap(topic),
    unitMode: false,
    maxReconsumeTimes: maxReconsumeTimes(attemptsMax),
  }
  await client.askForSuccess({ name: queue.broker, address }, { command, header }, deadline)
}

/** What stands for deliveries without end: the largest number of the header. */
const endlessRetries = 0x7fffffff

/** Brokers count deliveries after the first one. */
function maxReconsumeTimes(attemptsMax: number | undefined): number | undefined {
  return attemptsMax === undefined ? undefined : Math.min(attemptsMax - 1, endlessRetries)
}

/** The delay level of the first redelivery, which brokers choose; each further one waits for the next level. */
const firstRetryLevel = 3
const innerProducerGroup = 'CLIENT_INNER_PRODUCER'
const compressOverBytes = 4096

/** A copy for the retry topic of the group, as official consumers send one that they cannot give back. */
async function sendAnew(
  message: RawMessage,
  delayLevel: number,
  { client, group, attemptsMax }: SendBackParts,
  deadline: Deadline,
): Promise<void> {
  const { queue, topic, messageId, properties, systemProperties, flag, bornTimestamp, attempt } = message
  const { body, sysFlag } = compressBody(message.body as Buffer, compressOverBytes)
  const isDead = delayLevel < 0
  const level = delayLevel > 0 ? delayLevel : firstRetryLevel + attempt - 1
  const { retryTopic, originMessageId, delayLevel: levelName } = propertyName
  const command = commands.sendMessageV2
  const header: RequestOf<typeof command> = {
    producerGroup: innerProducerGroup,
    topic: retryTopicOf(group),
    defaultTopic: '',
    defaultTopicQueueNums: 0,
    queueId: 0,
    sysFlag,
    bornTimestamp,
    flag,
    properties: encodeMessageProperties([
      ...Object.entries({ ...properties, ...systemProperties, [retryTopic]: client.namespace.wrap(topic) }),
      [originMessageId, systemProperties[originMessageId] ?? messageId],
      ...(isDead ? [] : [[levelName, String(level)] as const]),
    ]),
    reconsumeTimes: attempt,
    maxReconsumeTimes: isDead ? 0 : maxReconsumeTimes(attemptsMax),
    unitMode: false,
    batch: false,
    brokerName: queue.broker,
  }
  const address = client.routes.knownMasterAddress(queue)
  await client.askForSuccess({ name: queue.broker, address }, { command, header, body }, deadline)
}
