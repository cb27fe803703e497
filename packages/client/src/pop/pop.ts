import {
  commands,
  type DecodedMessage,
  decodeMessages,
  findMessageProperty,
  formatPopReceipt,
  PopReceiptError,
  parsePopReceipt,
  popConsumedTopic,
  popSourceOf,
  popTopicOf,
  propertyName,
  type ResponseOf,
  responseCodeName,
  type SubscriptionData,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { Namespace } from '../connection/namespace.ts'
import { FoundQueue, type RawMessage, receivedMessages } from '../messages/received-message.ts'
import { wantedTags } from '../reading/subscriptions.ts'
import { answerError, unreadableAnswer } from '../rocketmq-error.ts'
import { batchReceipt } from './batch-receipts.ts'

/** A broker's queues of a topic, or one of them. */
export interface PopPlace {
  /** As the servers know it. */
  readonly topic: string
  readonly broker: { readonly name: string; readonly address: string }
  /** -1 for any. */
  readonly queueId: number
}

export interface Pop {
  readonly place: PopPlace
  readonly group: string
  readonly subscription: SubscriptionData
  /** Messages at the most; brokers give up to 32. */
  readonly countMax: number
  /** Milliseconds for which nobody else of the group gets them. */
  readonly invisibleMs: number
  /** Milliseconds for which the broker may hold the request when there is nothing. */
  readonly waitMs: number
  /** Of messages in order: a request that is sent again with the same id gets the same messages. */
  readonly order: { readonly attemptId: string } | undefined
}

/** A batch that was stored whole, and so was given out as one message. */
export interface PoppedBatch {
  /** Names what was given out: the acknowledgement of one message would be that of all. */
  readonly receipt: string
  /** Its messages that the subscription wants. The others are acknowledged with them. */
  readonly count: number
}

/** A message that was given out by POP, not decoded yet. */
export interface RawPopped extends RawMessage {
  /** Names what was given out, as acknowledging it has to name it; of a batch with the message's number in it. */
  readonly receipt: string
  /** Undefined for a message that shares its receipt with no other. */
  readonly batch: PoppedBatch | undefined
  /** The lite topic in which the receipt names a message; undefined where it names one of a queue. */
  readonly ofLiteTopic: string | undefined
}

export interface Popped {
  /** `full`: the broker holds as many requests, or open receipts, as it may. */
  readonly kind: 'found' | 'nothing' | 'full'
  readonly messages: readonly RawPopped[]
  /**
   * Those that the subscription does not want: their tags only look alike to the broker. Of a batch of which nothing is
   * wanted this is one message, and of a batch of which something is wanted there is none.
   */
  readonly unwanted: readonly RawPopped[]
  /** Messages that the broker gave, wanted or not. */
  readonly count: number
}

/** A queue without messages begins with its first one; where else a group begins is committed before. */
const fromEarliest = 0

/** @throws RocketMQError */
export async function pop(client: ClusterClient, request: Pop, deadline: Deadline): Promise<Popped> {
  const { place, group, subscription, countMax, invisibleMs, waitMs, order } = request
  const { topic, broker, queueId } = place
  const command = commands.popMessage
  const header = {
    consumerGroup: group,
    topic,
    queueId,
    maxMsgNums: countMax,
    invisibleTime: invisibleMs,
    pollTime: waitMs,
    bornTime: 0,
    initMode: fromEarliest,
    ...filterOf(subscription),
    order: order !== undefined,
    attemptId: order?.attemptId,
    bname: broker.name,
  }
  const timeoutMs = waitMs + client.attemptTimeoutMs
  const answer = await client.ask(broker, { command, header, timeoutMs }, deadline)
  const code = responseCodeName(answer.code)
  if (code === 'POLLING_FULL') return nothing('full')
  if (code === 'POLLING_TIMEOUT' || code === 'PULL_NOT_FOUND') return nothing('nothing')
  if (code !== 'SUCCESS') throw answerError(command.name, answer, { topic, broker: broker.name, queueId })
  try {
    return found(
      command.responseCodec.decode(answer.extFields),
      answer.body ?? Buffer.alloc(0),
      request,
      client.namespace,
    )
  } catch (cause) {
    throw unreadableAnswer(command.name, { topic, broker: broker.name, queueId }, cause)
  }
}

const alone = { batch: undefined, ofLiteTopic: undefined } as const

export function nothing(kind: 'full' | 'nothing'): Popped {
  return { kind, messages: [], unwanted: [], count: 0 }
}

function found(
  header: ResponseOf<typeof commands.popMessage>,
  body: Buffer,
  request: Pop,
  namespace: Namespace,
): Popped {
  const told = new ToldPlaces(header)
  const wanted = wantedTags(request.subscription)
  const messages: RawPopped[] = []
  const unwanted: RawPopped[] = []
  let count = 0
  for (const record of decodeMessages(body)) {
    const inside = receivedMessages(record, request.place.broker.name, namespace)
    count += inside.length
    if (inside.length > 1) {
      const wantedOfBatch = wanted === undefined ? inside : inside.filter(({ tag }) => wanted.has(tag ?? ''))
      const [first = inside[0]!] = wantedOfBatch
      const place = told.of(first, record, request, namespace)
      if (wantedOfBatch.length === 0) unwanted.push({ ...first, ...place, ...alone })
      else messages.push(...partsOf(wantedOfBatch, place))
      continue
    }
    for (const message of inside) {
      const popped = { ...message, ...told.of(message, record, request, namespace), ...alone }
      if (wanted === undefined || wanted.has(popped.tag ?? '')) messages.push(popped)
      else unwanted.push(popped)
    }
  }
  return { kind: count > 0 ? 'found' : 'nothing', messages, unwanted, count }
}

/** Messages of one batch. @param place tells what one of them, and so each, does not tell itself */
function partsOf(messages: readonly RawMessage[], place: PlaceOf): RawPopped[] {
  const { receipt } = place
  const { length: count } = messages
  const batch = { receipt, count }
  return messages.map((message, number) => {
    return { ...message, ...place, receipt: batchReceipt({ receipt, number, count }), batch, ofLiteTopic: undefined }
  })
}

type PlaceOf = Pick<RawPopped, 'topic' | 'queue' | 'attempt' | 'receipt'>

/** How requests tell the filter. */
export function filterOf({ expressionType, subString = '*' }: SubscriptionData): { expType: string; exp: string } {
  return { expType: expressionType ?? 'TAG', exp: subString }
}

/** What an answer tells beside its messages of where they were found. */
class ToldPlaces {
  readonly #answer: ResponseOf<typeof commands.popMessage>
  /** `source queueId` to the offset at which reading began. */
  readonly #starts: ReadonlyMap<string, string>
  /** `source queueId`, and of each message `source qo<queueId>%<offset>`, to deliveries before this one. */
  readonly #counts: ReadonlyMap<string, string>

  constructor(answer: ResponseOf<typeof commands.popMessage>) {
    this.#answer = answer
    this.#starts = table(answer.startOffsetInfo)
    this.#counts = table(answer.orderCountInfo)
  }

  /** What a message does not tell itself. */
  of(
    { systemProperties, attempt, topic, isOfBatch }: RawMessage,
    record: DecodedMessage,
    { place, group }: Pop,
    namespace: Namespace,
  ): PlaceOf {
    const written = isOfBatch
      ? findMessageProperty(record.properties, propertyName.popCheckpoint)
      : systemProperties[propertyName.popCheckpoint]
    const isReceipt = written !== undefined && this.#isWrittenNow(written)
    const receipt = isReceipt ? written : this.#receiptOf(record, place.broker.name)
    const { source } = parsePopReceipt(receipt)
    const stands = namespace.unwrap(popTopicOf(group, place.topic, source))
    return {
      topic: namespace.unwrap(popConsumedTopic(group, namespace.wrap(topic))),
      queue: new FoundQueue(stands, place.broker.name, record.queueId),
      attempt: this.#attemptOf(record) ?? attempt,
      receipt,
    }
  }

  /** Brokers write it of a message of a retry topic, which then looks like one of its topic. Whoever sends one may write anything. */
  #isWrittenNow(receipt: string): boolean {
    try {
      const { source, popTime } = parsePopReceipt(receipt)
      return source !== '0' && popTime === this.#answer.popTime
    } catch (error) {
      if (error instanceof PopReceiptError) return false
      throw error
    }
  }

  #receiptOf({ topic, queueId, queueOffset }: DecodedMessage, brokerName: string): string {
    const { popTime, invisibleTime, reviveQid: reviveQueueId } = this.#answer
    const source = popSourceOf(topic)
    const startOffset = Number(this.#starts.get(`${source} ${queueId}`) ?? queueOffset)
    const given = { startOffset, popTime, invisibleTime, reviveQueueId }
    return formatPopReceipt({ ...given, source, brokerName, queueId, queueOffset })
  }

  /** Undefined where messages do not come in order: they tell it themselves. */
  #attemptOf({ topic, queueId, queueOffset }: DecodedMessage): number | undefined {
    if (this.#counts.size === 0) return undefined
    const source = popSourceOf(topic)
    const count = this.#counts.get(`${source} qo${queueId}%${queueOffset}`) ?? this.#counts.get(`${source} ${queueId}`)
    return count === undefined ? undefined : Number(count) + 1
  }
}

/** `a b 1;c d 2`: what stands behind the last blank, by what stands before it. */
function table(text: string | undefined): Map<string, string> {
  const rows = (text ?? '').split(';').filter((row) => row !== '')
  return new Map(rows.map((row) => [row.slice(0, row.lastIndexOf(' ')), row.slice(row.lastIndexOf(' ') + 1)]))
}
