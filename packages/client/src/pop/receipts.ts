import {
  type BatchAck,
  batchAckRequestBody,
  commands,
  formatPopReceipt,
  type PopReceipt,
  PopReceiptError,
  parsePopReceipt,
  popConsumedTopic,
  popTopicOf,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { defaultBackoff, retrying } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { invalidArgument, type RocketMQError } from '../rocketmq-error.ts'

/** What names a message that was given out. */
export interface Receipted {
  /** Where it was found. */
  readonly queue: { readonly topic: string }
  readonly receipt: string
}

/** As it is asked for here. */
export interface NamedReceipt extends Receipted {
  /** The lite topic in which the receipt names a message; undefined where it names one of a queue. */
  readonly ofLiteTopic?: string | undefined
}

interface ParsedReceipt extends PopReceipt {
  readonly queueOffset: number
  /** The topic that was asked, as the servers know it. */
  readonly consumedTopic: string
  /** Where the message stands: there, or in a retry topic. */
  readonly topic: string
  readonly liteTopic: string | undefined
}

/**
 * Acknowledges messages: they do not come again. Those of one broker are one request.
 * @throws RocketMQError when one of them cannot be acknowledged, for example since it is visible again; the others are
 * acknowledged all the same
 */
export async function acknowledge(
  client: ClusterClient,
  group: string,
  messages: readonly NamedReceipt[],
  deadline: Deadline,
): Promise<void> {
  const receipts = messages.map((message) => parsed(client, group, message))
  const outcomes = await Promise.allSettled(
    requestsOf(receipts).map((together) => acknowledgeTogether(client, group, together, deadline)),
  )
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** Messages of one request at the most: brokers take up to 4096. */
const requestMax = 1000
/** A message so far behind the begin of its reading is acknowledged alone: a set of bits would be long. */
const distanceMax = 8192

/** Each of one broker. */
function requestsOf(receipts: readonly ParsedReceipt[]): ParsedReceipt[][] {
  const requests: ParsedReceipt[][] = []
  for (const ofBroker of Map.groupBy(receipts, ({ brokerName }) => brokerName).values()) {
    // Brokers take no batch of those of lite topics.
    const isAlone = ({ queueOffset, startOffset, liteTopic }: ParsedReceipt): boolean =>
      queueOffset - startOffset > distanceMax || liteTopic !== undefined
    requests.push(...ofBroker.filter(isAlone).map((receipt) => [receipt]))
    const near = ofBroker.filter((receipt) => !isAlone(receipt))
    for (let start = 0; start < near.length; start += requestMax) requests.push(near.slice(start, start + requestMax))
  }
  return requests
}

function acknowledgeTogether(
  client: ClusterClient,
  group: string,
  receipts: readonly ParsedReceipt[],
  deadline: Deadline,
): Promise<void> {
  const [first] = receipts
  const { topic, consumedTopic, queueId, queueOffset, brokerName: name, liteTopic } = first!
  return retried(client, consumedTopic, deadline, true, async () => {
    const broker = { name, address: await masterOf(client, first!, deadline) }
    if (receipts.length === 1) {
      const command = commands.ackMessage
      const header = {
        ...{ consumerGroup: group, topic, queueId, offset: queueOffset, liteTopic },
        extraInfo: formatPopReceipt(first!),
        bname: name,
      }
      await client.askForSuccess(broker, { command, header }, deadline)
      return
    }
    const command = commands.batchAckMessage
    const body = batchAckRequestBody.encode({ brokerName: name, acks: batchAcks(group, receipts) })
    await client.askForSuccess(broker, { command, header: {}, body }, deadline)
  })
}

/** One for all messages that were read together. */
function batchAcks(group: string, receipts: readonly ParsedReceipt[]): BatchAck[] {
  const together = Map.groupBy(
    receipts,
    ({ consumedTopic, source, queueId, startOffset, popTime, invisibleTime, reviveQueueId }) =>
      JSON.stringify([consumedTopic, source, queueId, startOffset, popTime, invisibleTime, reviveQueueId]),
  )
  return [...together.values()].map((read) => {
    const { consumedTopic, source, queueId, startOffset, popTime, invisibleTime, reviveQueueId } = read[0]!
    return {
      ...{ c: group, t: consumedTopic, r: source, q: queueId, so: startOffset },
      ...{ pt: popTime, it: invisibleTime, rq: reviveQueueId },
      b: bitSet(read.map(({ queueOffset }) => queueOffset - startOffset)),
    }
  })
}

const bitsPerByte = 8

/** Little-endian, in Base64. */
function bitSet(bits: readonly number[]): string {
  const bytes = Buffer.alloc(Math.floor(Math.max(...bits) / bitsPerByte) + 1)
  for (const bit of bits) bytes[Math.floor(bit / bitsPerByte)]! |= 1 << (bit % bitsPerByte)
  return bytes.toString('base64')
}

export interface InvisibleChange {
  /** Milliseconds from now on. */
  readonly invisibleMs: number
  /** What follows does not count as another delivery, where the broker knows that (from 5.5 on). */
  readonly isSuspended?: boolean
}

/**
 * Lets a message become visible sooner or later than it was said. Its receipt ends.
 * @returns the one that counts from now on
 * @throws RocketMQError; when its outcome is unknown, either receipt may count
 */
export async function changeInvisibleTime(
  client: ClusterClient,
  group: string,
  message: NamedReceipt,
  { invisibleMs, isSuspended = false }: InvisibleChange,
  deadline: Deadline,
): Promise<string> {
  const before = parsed(client, group, message)
  const { topic, consumedTopic, queueId, queueOffset: offset, brokerName: name, liteTopic } = before
  const command = commands.changeMessageInvisibletime
  const header = {
    ...{ consumerGroup: group, topic, queueId, offset, liteTopic },
    extraInfo: formatPopReceipt(before),
    invisibleTime: invisibleMs,
    suspend: isSuspended,
    bname: name,
  }
  // Sent twice it could make two receipts, of which nobody knows the first one.
  return retried(client, consumedTopic, deadline, false, async () => {
    const broker = { name, address: await masterOf(client, before, deadline) }
    const told = await client.read(broker, { command, header }, deadline, ({ extFields }) =>
      command.responseCodec.decode(extFields),
    )
    const { popTime, invisibleTime, reviveQid: reviveQueueId } = told
    return formatPopReceipt({ ...before, startOffset: offset, popTime, invisibleTime, reviveQueueId })
  })
}

/**
 * Milliseconds since 1970, by the broker's clock, at which a message becomes visible again.
 * @throws RocketMQError INVALID_ARGUMENT when it is no receipt
 */
export function visibleTimestamp(receipt: string): number {
  const { popTime, invisibleTime } = receiptOf(receipt)
  return popTime + invisibleTime
}

/** A message may be settled by a process that has received nothing. */
async function masterOf(client: ClusterClient, receipt: ParsedReceipt, deadline: Deadline): Promise<string> {
  const { consumedTopic, topic, brokerName: broker, queueId } = receipt
  await client.routes.find(consumedTopic, deadline)
  return client.routes.knownMasterAddress({ topic, broker, queueId })
}

/** @param isRepeatable whether a request whose outcome is unknown may be sent again */
function retried<Result>(
  client: ClusterClient,
  topic: string,
  deadline: Deadline,
  isRepeatable: boolean,
  attempt: () => Promise<Result>,
): Promise<Result> {
  return retrying({
    deadline,
    random: client.runtime.random,
    backoff: defaultBackoff,
    attempt,
    onRetry(error: RocketMQError) {
      client.learnFrom(error, topic)
      return isRepeatable || error.outcome === 'refused' ? 'later' : 'never'
    },
  })
}

/** @throws RocketMQError INVALID_ARGUMENT when it names no message that was given out, such as the first of an empty list */
export function checkReceipted(message: Receipted): void {
  if (typeof message?.receipt === 'string' && typeof message.queue?.topic === 'string') return
  const what = message === undefined || message === null ? `${message}` : 'no message that was received'
  throw invalidArgument(`what is to be settled is ${what}: give a message as it was received`)
}

function parsed(
  client: ClusterClient,
  group: string,
  { queue, receipt, ofLiteTopic: liteTopic }: NamedReceipt,
): ParsedReceipt {
  const read = receiptOf(receipt)
  const { queueOffset } = read
  if (queueOffset === undefined || queueOffset < read.startOffset) {
    throw invalidArgument(`the receipt "${receipt}" does not tell where its message is: give it as it was received`)
  }
  const consumedTopic = popConsumedTopic(group, client.namespace.wrap(queue.topic))
  return { ...read, queueOffset, consumedTopic, topic: popTopicOf(group, consumedTopic, read.source), liteTopic }
}

/** @throws RocketMQError INVALID_ARGUMENT when it is none */
export function receiptOf(text: string): PopReceipt {
  try {
    return parsePopReceipt(text)
  } catch (error) {
    if (!(error instanceof PopReceiptError)) throw error
    throw invalidArgument(`the receipt is none: ${error.message}; give the message as it was received`, error)
  }
}
