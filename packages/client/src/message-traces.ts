import type { CancelTimer } from '@rocketmq-ts/platform'
import {
  commands,
  findMessageProperty,
  propertyName,
  type RemotingCommand,
  sysFlag,
  TraceBatch,
  type TraceContents,
  type TracedMessage,
  type TraceStep,
  traceMessageType,
} from '@rocketmq-ts/protocol'
import { Deadline } from './calls/deadline.ts'
import { defaultBackoff } from './calls/retrying.ts'
import type { ClusterClient } from './connection/cluster-client.ts'
import { Namespace } from './connection/namespace.ts'
import type { SendReceipt } from './messages/message.ts'
import { checkedTopic, type OutgoingMessage, outgoingMessage } from './messages/outgoing-message.ts'
import type { ReceivedMessage } from './messages/received-message.ts'
import { uniqueIds } from './messages/unique-ids.ts'
import { MessageSender, type SentObserver, type SentRequest } from './producer/message-sender.ts'
import { RocketMQError } from './rocketmq-error.ts'

const usualTopic = 'RMQ_SYS_TRACE_TOPIC'
/** As the official clients name it. */
const traceGroup = '_INNER_TRACE_PRODUCER'
const defaultRegion = 'DefaultRegion'
const flushMs = 5000
/** Messages of traces on their way at a time; beyond them traces are lost. */
const underWayMax = 8
const sendTimeoutMs = 10_000

/** The end of a transaction, or the answer to a question about it. */
export interface EndedTransaction {
  readonly topic: string
  readonly messageId: string
  readonly storeHost: string
  readonly state: 'commit' | 'rollback' | 'unknown'
  readonly fromCheck: boolean
}

const stateNames = { commit: 'COMMIT_MESSAGE', rollback: 'ROLLBACK_MESSAGE', unknown: 'UNKNOW' } as const

/**
 * @param group as the servers know it
 * @returns undefined when nobody asked for traces
 * @throws RocketMQError INVALID_ARGUMENT
 */
export function messageTraces(client: ClusterClient, group: string): MessageTraces | undefined {
  const { traceTopic } = client
  return traceTopic === undefined ? undefined : new MessageTraces(client, traceTopic, client.namespace.unwrap(group))
}

/**
 * Tells the steps of messages to RocketMQ's topic of traces, as the official clients do. They are no promise: what cannot be
 * stored is lost, and nothing waits for it.
 */
export class MessageTraces implements SentObserver {
  readonly #client: ClusterClient
  /** As users name it. */
  readonly #group: string
  readonly #topic: string
  readonly #sender: MessageSender
  readonly #newId: () => string
  readonly #batch = new TraceBatch()
  readonly #underWay = new Set<Promise<void>>()
  #cancelTimer: CancelTimer | undefined
  #isFailing = false
  #isClosed = false

  /**
   * @param traceTopic `true` for RocketMQ's own
   * @param group as users name it
   * @throws RocketMQError INVALID_ARGUMENT
   */
  constructor(client: ClusterClient, traceTopic: true | string, group: string) {
    this.#client = client
    this.#group = group
    this.#topic = checkedTopic(traceTopic === true ? usualTopic : traceTopic, noNamespace)
    this.#newId = uniqueIds(client.runtime)
    this.#sender = new MessageSender({ client, group: traceGroup, backoff: defaultBackoff, attemptsMax: undefined })
  }

  /** A broker has answered that it stored messages. */
  sent(messages: readonly OutgoingMessage[], receipts: readonly SendReceipt[], sent: SentRequest): void {
    const { region, isWanted } = traceFacts(sent.answer)
    if (!isWanted) return
    const costMs = this.#client.runtime.clock.monotonic() - sent.startMs
    for (const [index, message] of messages.entries()) {
      const { propertiesText, body } = message
      const { offsetMessageId, status, queue } = receipts[index]!
      this.#add({
        kind: 'stored',
        isStored: status === 'STORED',
        regionId: region,
        group: this.#group,
        topic: queue.topic,
        messageId: message.uniqueId,
        tags: findMessageProperty(propertiesText, propertyName.tags) ?? '',
        keys: findMessageProperty(propertiesText, propertyName.keys) ?? '',
        storeHost: sent.address,
        messageType: messageTypeOf(message),
        bodyLength: body.length,
        costMs,
        offsetMessageId,
      })
    }
  }

  /** A producer has told a broker what became of a transaction. */
  transactionEnded({ topic, messageId, storeHost, state, fromCheck }: EndedTransaction): void {
    this.#add({
      kind: 'transaction',
      regionId: defaultRegion,
      group: this.#group,
      topic,
      messageId,
      tags: '',
      keys: '',
      storeHost,
      messageType: traceMessageType.committed,
      state: stateNames[state],
      fromCheck,
    })
  }

  /** Messages are given to a handler. @returns what is called when it has ended, with what it threw */
  handling(messages: readonly ReceivedMessage<unknown>[]): (thrown?: { readonly error: unknown }) => void {
    const requestId = this.#newId()
    const { clock } = this.#client.runtime
    const startMs = clock.monotonic()
    const traced = messages.filter(({ systemProperties }) => systemProperties[propertyName.traceOn] !== 'false')
    const group = this.#group
    for (const { systemProperties, messageId, keys, attempt } of traced) {
      const regionId = systemProperties[propertyName.messageRegion] ?? defaultRegion
      const retries = attempt - 1
      this.#add({ kind: 'handling', regionId, group, messageId, keys: keys.join(' '), requestId, retries })
    }
    return (thrown) => {
      const costMs = clock.monotonic() - startMs
      const outcome = outcomeOf(thrown)
      for (const { messageId, keys } of traced) {
        this.#add({ kind: 'handled', group, messageId, keys: keys.join(' '), requestId, costMs, outcome })
      }
    }
  }

  /** Sends what was gathered. @param timeoutMs after which what is still under way is waited for no longer */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    this.#flush(this.#batch.take())
    const { clock } = this.#client.runtime
    await new Deadline(clock, {}, timeoutMs).within(Promise.all(this.#underWay)).catch(() => {})
  }

  #add(step: TraceStep): void {
    // A handler that was waited for no longer ends after its consumer is closed.
    if (this.#isClosed) return
    const { clock } = this.#client.runtime
    const full = this.#batch.add(step, clock.now())
    if (full !== undefined) this.#flush(full)
    this.#cancelTimer ??= clock.after(flushMs, () => this.#flush(this.#batch.take()))
  }

  #flush(contents: TraceContents | undefined): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (contents === undefined) return
    if (this.#underWay.size >= underWayMax) {
      this.#failed(new Error('too many are on their way'))
      return
    }
    const sending = this.#send(contents).then(
      () => {
        this.#isFailing = false
      },
      (error: Error) => this.#failed(error),
    )
    this.#underWay.add(sending)
    void sending.finally(() => this.#underWay.delete(sending))
  }

  async #send({ body, keys }: TraceContents): Promise<void> {
    const words = keys.split(/\s+/).filter((key) => key !== '')
    const message = { topic: this.#topic, body, keys: words, waitForStore: false }
    const outgoing = outgoingMessage(message, Buffer.from(body), {
      namespace: noNamespace,
      newId: this.#newId,
      compressOverBytes: Number.POSITIVE_INFINITY,
      messageBytesMax: Number.POSITIVE_INFINITY,
    })
    await this.#sender.send([outgoing], new Deadline(this.#client.runtime.clock, {}, sendTimeoutMs))
  }

  #failed(error: Error): void {
    if (!this.#isFailing) this.#client.log.warn({ err: error }, 'traces could not be stored: they are lost')
    this.#isFailing = true
  }
}

const noNamespace = new Namespace(undefined)

function traceFacts({ extFields }: RemotingCommand): { region: string; isWanted: boolean } {
  const { MSG_REGION, TRACE_ON } = commands.sendMessageV2.responseCodec.decode(extFields)
  return { region: MSG_REGION ?? defaultRegion, isWanted: TRACE_ON !== false }
}

function messageTypeOf({ sysFlag: flags, propertiesText }: OutgoingMessage): TracedMessage['messageType'] {
  if ((flags & sysFlag.transactionPrepared) !== 0) return traceMessageType.half
  const isDelayed = [propertyName.delayLevel, propertyName.timerDelayMs, propertyName.timerDeliverMs].some(
    (name) => findMessageProperty(propertiesText, name) !== undefined,
  )
  return isDelayed ? traceMessageType.delayed : traceMessageType.normal
}

function outcomeOf(thrown: { readonly error: unknown } | undefined): 'success' | 'timeout' | 'exception' {
  if (thrown === undefined) return 'success'
  return thrown.error instanceof RocketMQError && thrown.error.code === 'TIMEOUT' ? 'timeout' : 'exception'
}
