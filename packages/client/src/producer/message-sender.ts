import {
  type AnyCommand,
  commands,
  defaultTopic,
  encodeBatchBody,
  encodeMessageProperties,
  propertyName,
  queueOfLiteTopic,
  type RemotingCommand,
  type RequestOf,
  responseCodeName,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { type Backoff, retrying } from '../calls/retrying.ts'
import type { BrokerRequest, ClusterClient } from '../connection/cluster-client.ts'
import type { QueueChooser, SendReceipt, SendStatus } from '../messages/message.ts'
import type { OutgoingMessage } from '../messages/outgoing-message.ts'
import {
  answerError,
  invalidArgument,
  RocketMQError,
  type RocketMQErrorCode,
  unreadableAnswer,
} from '../rocketmq-error.ts'
import { BrokerHealth } from '../routing/broker-health.ts'
import { QueueTurns, queueOfKey } from '../routing/queue-choice.ts'
import { newTopicQueues } from '../routing/route-cache.ts'
import { masterId, type QueueRef, type TopicRoute } from '../routing/topic-route.ts'

export interface SenderOptions {
  readonly client: ClusterClient
  readonly group: string
  readonly backoff: Backoff
  /** Attempts of one send at the most. */
  readonly attemptsMax: number | undefined
  /** Told of what was stored. */
  readonly traces?: SentObserver | undefined
}

export interface SentObserver {
  /** A broker has answered that it stored messages. */
  sent(messages: readonly OutgoingMessage[], receipts: readonly SendReceipt[], request: SentRequest): void
}

/** A request that a broker has answered. */
export interface SentRequest {
  /** `host:port` of the broker. */
  readonly address: string
  /** By the monotonic clock. */
  readonly startMs: number
  readonly answer: RemotingCommand
}

/** Answers with which a message is stored. */
const statuses: Partial<Record<RocketMQErrorCode, SendStatus>> = {
  SUCCESS: 'STORED',
  FLUSH_DISK_TIMEOUT: 'FLUSH_DISK_TIMEOUT',
  FLUSH_SLAVE_TIMEOUT: 'FLUSH_SLAVE_TIMEOUT',
  SLAVE_NOT_AVAILABLE: 'SLAVE_NOT_AVAILABLE',
}

/** Failures that say something about the broker and not about the message. */
const illnesses: ReadonlySet<RocketMQErrorCode> = new Set([
  'TIMEOUT',
  'CONNECT_FAILED',
  'CONNECTION_LOST',
  'SYSTEM_ERROR',
  'SYSTEM_BUSY',
  'SERVICE_NOT_AVAILABLE',
  'NO_PERMISSION',
  'GO_AWAY',
  'FLOW_CONTROL',
])

/** What every broker says may be so for a moment, after a change or a restart; waiting longer does not help. */
const refusals: ReadonlySet<RocketMQErrorCode> = new Set(['NO_PERMISSION', 'TOPIC_NOT_EXIST'])
const refusedAttemptsMax = 3

/** Whether the route was wrong about the queue: it is gone, or another broker leads it. */
function isQueueGone({ code }: RocketMQError): boolean {
  return code === 'INVALID_PARAMETER' || code === 'NOT_LEADER_FOR_QUEUE'
}

interface Target {
  readonly queue: QueueRef
  readonly address: string
}

/** Sends messages: chooses a queue, and tries again, at another broker first. */
export class MessageSender {
  readonly #options: SenderOptions
  readonly #client: ClusterClient
  readonly #health: BrokerHealth
  readonly #turns: QueueTurns

  constructor(options: SenderOptions) {
    this.#options = options
    this.#client = options.client
    const { clock, random } = options.client.runtime
    this.#health = new BrokerHealth(clock)
    this.#turns = new QueueTurns(random, this.#health)
  }

  /**
   * Sends messages of one topic in one request, to one queue.
   * @returns a receipt for each
   * @throws RocketMQError; its outcome says whether they may be stored all the same
   */
  send(messages: readonly OutgoingMessage[], deadline: Deadline): Promise<SendReceipt[]> {
    const first = messages[0]!
    /** A queue that was chosen for good: by the caller, or by a sharding key. */
    let fixed: QueueRef | undefined
    let isBound = false
    let tried: Set<string> | undefined
    let target: Target | undefined
    return retrying({
      deadline,
      random: this.#client.runtime.random,
      backoff: this.#options.backoff,
      attemptsMax: this.#options.attemptsMax,
      attempt: async () => {
        target = undefined
        const known = this.#client.routes.known(first.topic)
        const route = known ?? (await this.#client.routes.findToSend(first.topic, deadline))
        fixed ??= fixedQueue(first, route)
        target = this.#target(first.topic, route, fixed, tried)
        return this.#sendTo(target, messages, deadline, typeof first.queue === 'object')
      },
      onRetry: (error, attempt) => {
        this.#client.learnFrom(error, first.topic)
        if (isQueueGone(error) && !isBound) fixed = undefined
        if (target === undefined) return 'later'
        // Only the broker that may have it already knows that it is the same message.
        if (first.isStoredOnce && error.outcome === 'unknown') {
          isBound = true
          fixed = target.queue
        }
        tried ??= new Set()
        tried.add(target.queue.broker)
        if (fixed === undefined && this.#hasOther(first.topic, tried)) return 'now'
        return refusals.has(error.code) && attempt >= refusedAttemptsMax ? 'never' : 'later'
      },
    })
  }

  /**
   * Sends a message without asking for an answer: once, with no promise that it arrives.
   * @throws RocketMQError when it could not be handed to the system
   */
  async sendOneWay(message: OutgoingMessage, deadline: Deadline): Promise<void> {
    const route = await this.#client.routes.findToSend(message.topic, deadline)
    const target = this.#target(message.topic, route, fixedQueue(message, route), undefined)
    try {
      await this.#client.tell(broker(target), this.#request(target.queue, [message]), deadline)
    } catch (error) {
      const failure = error as RocketMQError
      if (illnesses.has(failure.code)) this.#health.failed(target.queue.broker)
      this.#client.learnFrom(failure, message.topic)
      throw failure
    }
  }

  #target(
    topic: string,
    route: TopicRoute,
    fixed: QueueRef | undefined,
    tried: ReadonlySet<string> | undefined,
  ): Target {
    if (fixed === undefined && route.writeQueues.length === 0) {
      this.#client.routes.refreshSoon(topic)
      throw new RocketMQError('NO_ROUTE', `no broker takes messages of the topic ${topic} at the moment`, { topic })
    }
    const queue = fixed ?? this.#turns.next(topic, route.writeQueues, tried)
    const address = route.brokers.get(queue.broker)?.brokerAddrs.get(masterId)
    if (address !== undefined) return { queue, address }
    this.#client.routes.refreshSoon(topic)
    const message = `the broker ${queue.broker} has no master that takes messages of ${topic} at the moment`
    throw new RocketMQError('NO_ROUTE', message, queue)
  }

  /** Whether the topic has queues on brokers that were not tried. */
  #hasOther(topic: string, tried: ReadonlySet<string>): boolean {
    return this.#client.routes.known(topic)?.writeQueues.some((queue) => !tried.has(queue.broker)) === true
  }

  async #sendTo(
    target: Target,
    messages: readonly OutgoingMessage[],
    deadline: Deadline,
    isGiven: boolean,
  ): Promise<SendReceipt[]> {
    const { queue } = target
    const { clock } = this.#client.runtime
    const startMs = clock.monotonic()
    const request = this.#request(queue, messages)
    let answer: RemotingCommand
    try {
      answer = await this.#client.ask(broker(target), request, deadline)
    } catch (error) {
      const failure = error as RocketMQError
      if (illnesses.has(failure.code)) this.#health.failed(queue.broker)
      throw placed(failure, queue)
    }
    const status = statuses[responseCodeName(answer.code) ?? 'SYSTEM_ERROR']
    if (status === undefined) {
      const failure = answerError(request.command.name, answer, queue)
      if (illnesses.has(failure.code)) this.#health.failed(queue.broker)
      else this.#health.answered(queue.broker, clock.monotonic() - startMs)
      const isGone = !isGiven && failure.code === 'INVALID_PARAMETER' && (await this.#isGone(queue, deadline))
      throw isGone ? tryAgain(failure, queue) : failure
    }
    this.#health.answered(queue.broker, clock.monotonic() - startMs)
    const topic = this.#client.namespace.unwrap(queue.topic)
    let stored: SendReceipt[]
    try {
      stored = receipts(answer, status, messages, topic, queue)
    } catch (cause) {
      throw unreadableAnswer(request.command.name, queue, cause)
    }
    this.#options.traces?.sent(messages, stored, { address: target.address, startMs, answer })
    return stored
  }

  /** Whether the topic has lost a queue since its route was looked up. */
  async #isGone({ topic, broker, queueId }: QueueRef, deadline: Deadline): Promise<boolean> {
    const { writeQueues } = await this.#client.routes.refresh(topic, deadline)
    return !writeQueues.some((queue) => queue.broker === broker && queue.queueId === queueId)
  }

  #request(queue: QueueRef, messages: readonly OutgoingMessage[]): BrokerRequest<AnyCommand> {
    const first = messages[0]!
    // The official broker fails on a single message without a body.
    const isBatch = messages.length > 1 || first.body.length === 0
    const header: RequestOf<typeof commands.sendMessageV2> = {
      producerGroup: this.#options.group,
      topic: first.topic,
      defaultTopic,
      defaultTopicQueueNums: newTopicQueues,
      queueId: queue.queueId,
      sysFlag: first.sysFlag,
      bornTimestamp: this.#client.runtime.clock.now(),
      flag: first.flag,
      properties: first.propertiesText,
      reconsumeTimes: 0,
      unitMode: false,
      batch: isBatch,
      brokerName: queue.broker,
    }
    if (!isBatch) return { command: commands.sendMessageV2, header, body: first.body }
    header.properties = batchProperties(first)
    return { command: commands.sendBatchMessage, header, body: encodeBatchBody(messages) }
  }
}

/** Those of the request: each message in its body has its own. */
function batchProperties({ uniqueId, waitForStore }: OutgoingMessage): string {
  return encodeMessageProperties([
    [propertyName.uniqueKey, uniqueId],
    [propertyName.waitStoreOk, String(waitForStore)],
  ])
}

function broker({ queue, address }: Target): { name: string; address: string } {
  return { name: queue.broker, address }
}

function fixedQueue({ queue, shardingKey, liteTopic }: OutgoingMessage, route: TopicRoute): QueueRef | undefined {
  if (typeof queue === 'object') return { ...queue, topic: route.topic }
  if (route.writeQueues.length === 0) return undefined
  if (typeof queue === 'function') {
    return chosenQueue(queue, route)
  }
  if (liteTopic !== undefined) return route.writeQueues[queueOfLiteTopic(liteTopic, route.writeQueues.length)]
  return shardingKey === undefined ? undefined : queueOfKey(route.writeQueues, shardingKey)
}

/** @throws RocketMQError INVALID_ARGUMENT when the caller's function throws, or gives none of the queues */
function chosenQueue(choose: QueueChooser, { topic, writeQueues }: TopicRoute): QueueRef {
  let chosen: QueueRef | undefined
  try {
    chosen = choose(writeQueues)
  } catch (cause) {
    throw invalidArgument(`choosing a queue of ${topic} failed: ${(cause as Error).message}`, cause)
  }
  const queue = writeQueues.find(({ broker, queueId }) => broker === chosen?.broker && queueId === chosen.queueId)
  if (queue === undefined) throw invalidArgument(`none of the queues of ${topic} was chosen`)
  return queue
}

/** The queue was chosen by a route that has changed since: the next attempt chooses by the new one. */
function tryAgain({ code, message, responseCode }: RocketMQError, queue: QueueRef): RocketMQError {
  return new RocketMQError(code, message, { ...queue, responseCode, retryable: true })
}

function placed(error: RocketMQError, queue: QueueRef): RocketMQError {
  const { code, message, cause, retryable, outcome, responseCode } = error
  return new RocketMQError(code, message, { ...queue, cause, retryable, outcome, responseCode })
}

function receipts(
  answer: RemotingCommand,
  status: SendStatus,
  messages: readonly OutgoingMessage[],
  topic: string,
  asked: QueueRef,
): SendReceipt[] {
  const { msgId, queueId, queueOffset, recallHandle } = commands.sendMessageV2.responseCodec.decode(answer.extFields)
  const offsetIds = messages.length === 1 ? [msgId] : msgId.split(',')
  const queue = { topic, broker: asked.broker, queueId }
  return messages.map(({ uniqueId }, index) => ({
    status,
    messageId: uniqueId,
    // A batch that was stored whole has one place.
    offsetMessageId: offsetIds[index] ?? offsetIds[0] ?? '',
    queue,
    queueOffset: queueOffset + index,
    ...(recallHandle === undefined ? {} : { recallHandle }),
  }))
}
