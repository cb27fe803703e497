import type { Deadline } from '../calls/deadline.ts'
import { bytesInBatch, type OutgoingMessage } from '../messages/outgoing-message.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import type { MessageSender } from './message-sender.ts'
import type { SendOutcome } from './send-many-error.ts'

/** Bytes of one request, well under what a broker takes of a frame, and messages of it. */
const requestBytesMax = 1024 * 1024
const requestMessagesMax = 1000

interface Request {
  readonly messages: OutgoingMessage[]
  /** Of each message among all of them. */
  readonly indexes: number[]
  bytes: number
}

/**
 * Sends messages in as few requests as possible. Those for the same queue are sent one request after the other, so that
 * they keep their order, and so are those with the same sharding key. When one fails, those behind it are still tried.
 * @returns an outcome for each message, in their order
 */
export async function sendTogether(
  messages: readonly OutgoingMessage[],
  sender: Pick<MessageSender, 'send'>,
  deadline: Deadline,
): Promise<SendOutcome[]> {
  const outcomes: SendOutcome[] = new Array(messages.length)
  const lanes = new Map<string, Request[]>()
  for (const [index, message] of messages.entries()) addTo(lanes, message, index)
  await Promise.all(
    [...lanes.values()].map(async (requests) => {
      for (const request of requests) await send(request, outcomes, sender, deadline)
    }),
  )
  return outcomes
}

/**
 * Messages of a lane are sent one after the other. A queue that is given counts more than a sharding key, as it does where
 * the message is sent. A function may choose any queue, so that there is one lane for all that are chosen.
 */
function laneOf({ topic, shardingKey, liteTopic, queue }: OutgoingMessage): string {
  if (typeof queue === 'function') return JSON.stringify([topic, 'chosen'])
  if (typeof queue === 'object') return JSON.stringify([topic, 'queue', queue.broker, queue.queueId])
  if (liteTopic !== undefined) return JSON.stringify([topic, 'lite topic', liteTopic])
  return JSON.stringify([topic, 'key', shardingKey])
}

function addTo(lanes: Map<string, Request[]>, message: OutgoingMessage, index: number): void {
  const lane = laneOf(message)
  const requests = lanes.get(lane)
  const newest = requests?.at(-1)
  const bytes = bytesInBatch(message)
  if (requests === undefined) lanes.set(lane, [{ messages: [message], indexes: [index], bytes }])
  else if (newest === undefined || !canTake(newest, message, bytes)) {
    requests.push({ messages: [message], indexes: [index], bytes })
  } else {
    newest.messages.push(message)
    newest.indexes.push(index)
    newest.bytes += bytes
  }
}

function canTake({ messages, bytes }: Request, message: OutgoingMessage, moreBytes: number): boolean {
  return (
    isShareable(message) &&
    isShareable(messages[0]!) &&
    messages[0]!.waitForStore === message.waitForStore &&
    messages.length < requestMessagesMax &&
    bytes + moreBytes <= requestBytesMax
  )
}

/** A queue that is chosen by a function is chosen for each message. */
function isShareable({ isBatchable, queue }: OutgoingMessage): boolean {
  return isBatchable && typeof queue !== 'function'
}

async function send(
  { messages, indexes }: Request,
  outcomes: SendOutcome[],
  sender: Pick<MessageSender, 'send'>,
  deadline: Deadline,
): Promise<void> {
  try {
    const receipts = await sender.send(messages, deadline)
    for (const [at, index] of indexes.entries()) outcomes[index] = { receipt: receipts[at]! }
  } catch (error) {
    for (const index of indexes) outcomes[index] = { error: error as RocketMQError }
  }
}
