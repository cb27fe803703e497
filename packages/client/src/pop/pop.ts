import {
  commands,
  type DecodedMessage,
  decodeMessages,
  formatPopReceipt,
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
import { answerError, RocketMQError } from '../rocketmq-error.ts'

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

/** A message that was given out by POP, not decoded yet. */
export interface RawPopped extends RawMessage {
  /** Names what was given out, as acknowledging it has to name it. */
  readonly receipt: string
}

export interface Popped {
  /** `full`: the broker holds as many requests, or open receipts, as it may. */
  readonly kind: 'found' | 'nothing' | 'full'
  readonly messages: readonly RawPopped[]
  /** Those that the subscription does not want: their tags only look alike to the broker. */
  readonly unwanted: readonly RawPopped[]
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
    bornTime: client.runtime.clock.now(),
    initMode: fromEarliest,
    ...filterOf(subscription),
    order: order !== undefined,
    attemptId: order?.attemptId,
    bname: broker.name,
  }
  const timeoutMs = waitMs + client.attemptTimeoutMs
  const answer = await client.ask(broker, { command, header, timeoutMs }, deadline)
  const code = responseCodeName(answer.code)
  if (code === 'POLLING_FULL') return { kind: 'full', messages: [], unwanted: [] }
  if (code === 'POLLING_TIMEOUT' || code === 'PULL_NOT_FOUND') return { kind: 'nothing', messages: [], unwanted: [] }
  if (code !== 'SUCCESS') throw answerError(command.name, answer, { topic, broker: broker.name, queueId })
  try {
    return found(
      command.responseCodec.decode(answer.extFields),
      answer.body ?? Buffer.alloc(0),
      request,
      client.namespace,
    )
  } catch (cause) {
    const place = { topic, broker: broker.name, queueId, cause, outcome: 'unknown' } as const
    throw new RocketMQError('INVALID_ANSWER', `${command.name}: ${(cause as Error).message}`, place)
  }
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
  for (const record of decodeMessages(body)) {
    for (const message of receivedMessages(record, request.place.broker.name, namespace)) {
      const popped = { ...message, ...told.of(message, record, request, namespace) }
      if (wanted === undefined || wanted.has(popped.tag ?? '')) messages.push(popped)
      else unwanted.push(popped)
    }
  }
  return { kind: messages.length > 0 || unwanted.length > 0 ? 'found' : 'nothing', messages, unwanted }
}

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
    { systemProperties, attempt, topic }: RawMessage,
    record: DecodedMessage,
    { place, group }: Pop,
    namespace: Namespace,
  ): Pick<RawPopped, 'topic' | 'queue' | 'attempt' | 'receipt'> {
    const receipt = systemProperties[propertyName.popCheckpoint] ?? this.#receiptOf(record, place.broker.name)
    const { source } = parsePopReceipt(receipt)
    const stands = namespace.unwrap(popTopicOf(group, place.topic, source))
    return {
      topic: namespace.unwrap(popConsumedTopic(group, namespace.wrap(topic))),
      queue: new FoundQueue(stands, place.broker.name, record.queueId),
      attempt: this.#attemptOf(record) ?? attempt,
      receipt,
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
