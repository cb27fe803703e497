import { type AnyCommand, commands, decodeMessages, parseOffsetMessageId } from '@rocketmq-ts/protocol'
import { formatAddress } from '@rocketmq-ts/remoting'
import type { Deadline } from '../calls/deadline.ts'
import { plainMessage, type ReceivedMessage, receivedMessages } from '../messages/received-message.ts'
import { invalidArgument } from '../rocketmq-error.ts'
import { masterId } from '../routing/topic-route.ts'
import type { CallAnswer, ClusterCalls } from './cluster-calls.ts'

export interface KeyQuery {
  /** When it was stored: a date, or milliseconds since 1970. All times by default. */
  readonly from?: Date | number | undefined
  readonly to?: Date | number | undefined
  /** Messages of one broker at the most. Default 32. */
  readonly limit?: number | undefined
}

/** Later than every message. */
const timestampMax = Number.MAX_SAFE_INTEGER
const limitDefault = 32

export async function messageAt(
  calls: ClusterCalls,
  offsetMessageId: string,
  deadline: Deadline,
): Promise<ReceivedMessage | undefined> {
  let place: ReturnType<typeof parseOffsetMessageId>
  try {
    place = parseOffsetMessageId(offsetMessageId)
  } catch (cause) {
    throw invalidArgument(`"${offsetMessageId}" is no offsetMessageId of a receipt`, cause)
  }
  const address = formatAddress(place)
  const header = { offset: place.physicalOffset }
  const answer = await calls.askOr({ name: address, address }, commands.viewMessageById, header, deadline, [
    'SYSTEM_ERROR',
  ])
  if (answer === undefined) return undefined
  const brokers = await calls.brokers(deadline)
  const broker = brokers.find(({ addresses }) => [...addresses.values()].includes(address))
  return found(answer, broker?.name ?? address, calls)[0]
}

/** The index keeps a hash of each id, which others may share. */
export async function messagesByUniqueId(
  calls: ClusterCalls,
  topic: string,
  messageId: string,
  deadline: Deadline,
): Promise<ReceivedMessage[]> {
  const messages = await query(calls, topic, messageId, { limit: limitDefault }, true, deadline)
  return messages.filter((message) => message.messageId === messageId)
}

/** The index keeps a hash of each key, which others may share. */
export async function messagesByKey(
  calls: ClusterCalls,
  topic: string,
  key: string,
  options: KeyQuery,
  deadline: Deadline,
): Promise<ReceivedMessage[]> {
  const messages = await query(calls, topic, key, options, false, deadline)
  return messages.filter(({ keys }) => keys.includes(key))
}

async function query(
  calls: ClusterCalls,
  topic: string,
  key: string,
  { from = 0, to = timestampMax, limit = limitDefault }: KeyQuery,
  isUniqueId: boolean,
  deadline: Deadline,
): Promise<ReceivedMessage[]> {
  const { brokers } = await calls.client.routes.refresh(topic, deadline)
  const header = {
    topic,
    key,
    maxNum: limit,
    beginTimestamp: Number(from),
    endTimestamp: Number(to),
    ...(isUniqueId ? { _UNIQUE_KEY_QUERY: true } : {}),
  }
  const messages: ReceivedMessage[] = []
  for (const { brokerName: name, brokerAddrs } of brokers.values()) {
    const address = brokerAddrs.get(masterId) ?? brokerAddrs.values().next().value
    if (address === undefined) continue
    const answer = await calls.askOr({ name, address }, commands.queryMessage, header, deadline, ['QUERY_NOT_FOUND'])
    if (answer !== undefined) messages.push(...found(answer, name, calls))
  }
  return messages.sort((one, other) => one.storeTimestamp - other.storeTimestamp)
}

function found(
  answer: Pick<CallAnswer<AnyCommand>, 'read'>,
  broker: string,
  { client }: ClusterCalls,
): ReceivedMessage[] {
  return answer.read((body) =>
    decodeMessages(body)
      .flatMap((record) => receivedMessages(record, broker, client.namespace))
      .map(plainMessage),
  )
}
