import type { Clock, Log } from '@rocketmq-ts/platform'
import type { CallOptions } from '../calls/deadline.ts'
import { type ProcessDiagnostics, tracedProcess } from '../diagnostics.ts'
import type { MessageTraces } from '../message-traces.ts'
import type { Codec, MessageBody } from '../messages/codec.ts'
import { type RawMessage, type ReceivedMessage, withoutInternals } from '../messages/received-message.ts'
import { RocketMQError } from '../rocketmq-error.ts'
import type { Telemetry } from '../telemetry.ts'
import { type Redelivery, type RetryPolicy, redeliveryOf, type UndecodablePolicy } from './redelivery.ts'

/** What a handler is given besides the message. */
export interface HandlerContext {
  /** Aborted when the handler has taken too long, or the consumer waits no longer for it to close. */
  readonly signal: AbortSignal
  /**
   * Replies to a message that was sent by `Producer.request`.
   * @throws RocketMQError when the message asks for none, or the client that asked is gone
   */
  reply(message: ReceivedMessage<unknown>, body: MessageBody, options?: CallOptions): Promise<void>
}

/** A message is handled when this returns, or its promise resolves. What it throws decides about another delivery. */
export type Handler<Body> = (message: ReceivedMessage<Body>, context: HandlerContext) => unknown

/** Handles several messages of a queue at a time. When it throws, all of them are delivered again. */
export type BatchHandler<Body> = (messages: readonly ReceivedMessage<Body>[], context: HandlerContext) => unknown

export interface HandlingParts<Body> {
  readonly group: string
  readonly clientId: string
  readonly telemetry: Telemetry | undefined
  readonly traces: MessageTraces | undefined
  readonly clock: Clock
  readonly log: Log
  readonly codec: Codec<never, Body>
  readonly handler: Handler<Body> | undefined
  readonly batchHandler: BatchHandler<Body> | undefined
  readonly retryPolicy: RetryPolicy | undefined
  readonly undecodable: UndecodablePolicy
  readonly reply: HandlerContext['reply']
  /** Milliseconds after which a handler counts as failed. */
  readonly timeoutMs: number
}

/** What came of a message. */
export type Outcome = { readonly kind: 'done' } | Redelivery

const done: Outcome = { kind: 'done' }

/** Decodes messages and runs the user's handler. It never throws, whatever the handler does. */
export class MessageHandling<Body> {
  readonly #parts: HandlingParts<Body>
  /** Ends the waiting for each handler that runs. */
  readonly #running = new Set<(error: RocketMQError) => void>()

  constructor(parts: HandlingParts<Body>) {
    this.#parts = parts
  }

  /** Waits no longer for the handlers that run, and tells them: they count as failed. */
  abort(): void {
    for (const end of this.#running) end(new RocketMQError('CLOSED', 'the consumer is closed'))
  }

  /** @returns an outcome for each message, in their order */
  async run(messages: readonly RawMessage[]): Promise<Outcome[]> {
    const decoded: ReceivedMessage<Body>[] = []
    const outcomes: (Outcome | undefined)[] = []
    for (const message of messages) {
      try {
        decoded.push(await this.#decode(message))
        outcomes.push(undefined)
      } catch (error) {
        outcomes.push(this.#undecodable(error, message))
      }
    }
    if (decoded.length === 0) return outcomes as Outcome[]
    const error = await this.#handle(decoded)
    let next = 0
    return outcomes.map((outcome) => outcome ?? this.#outcome(error, decoded[next++]!))
  }

  async #decode(message: RawMessage): Promise<ReceivedMessage<Body>> {
    if (message.body instanceof RocketMQError) throw message.body
    return { ...withoutInternals(message), body: await this.#parts.codec.decode(message.body) }
  }

  #undecodable(error: unknown, message: RawMessage): Outcome {
    const { log, undecodable } = this.#parts
    log.error({ ...described(message), err: error, policy: undecodable }, 'a message cannot be decoded')
    return { kind: undecodable }
  }

  /** @returns what the handler threw; undefined when it did not */
  async #handle(messages: readonly ReceivedMessage<Body>[]): Promise<Thrown | undefined> {
    const { clock, handler, batchHandler, reply, timeoutMs } = this.#parts
    const controller = new AbortController()
    const late = Promise.withResolvers<never>()
    const end = (error: RocketMQError): void => {
      controller.abort(error)
      late.reject(error)
    }
    this.#running.add(end)
    const cancel = clock.after(timeoutMs, () =>
      end(new RocketMQError('TIMEOUT', `the handler took longer than ${timeoutMs} ms`)),
    )
    const traced = this.#parts.traces?.handling(messages)
    try {
      const context = { signal: controller.signal, reply }
      const call = async (): Promise<unknown> =>
        batchHandler === undefined ? handler!(messages[0]!, context) : batchHandler(messages, context)
      const { telemetry } = this.#parts
      const handle = telemetry === undefined ? call : () => telemetry.process(messages, call)
      await Promise.race([tracedProcess(() => this.#about(messages), handle), late.promise])
      traced?.()
      return undefined
    } catch (error) {
      traced?.({ error })
      return { error }
    } finally {
      cancel()
      this.#running.delete(end)
    }
  }

  #about(messages: readonly ReceivedMessage<unknown>[]): ProcessDiagnostics {
    const { topic, queue } = messages[0]!
    const { broker, queueId } = queue
    const messageIds = messages.map(({ messageId }) => messageId)
    return { topic, group: this.#parts.group, clientId: this.#parts.clientId, broker, queueId, messageIds }
  }

  #outcome(thrown: Thrown | undefined, message: ReceivedMessage<Body>): Outcome {
    if (thrown === undefined) return done
    const { log, retryPolicy } = this.#parts
    let redelivery: Redelivery
    try {
      redelivery = redeliveryOf(thrown.error, message, retryPolicy)
    } catch (error) {
      log.error({ err: error }, 'the retry policy failed: the message is delivered again')
      redelivery = { kind: 'retry' }
    }
    log.warn({ ...described(message), err: thrown.error, ...redelivery }, 'a handler failed')
    return redelivery
  }
}

interface Thrown {
  readonly error: unknown
}

function described({ topic, messageId, attempt, queue, queueOffset }: ReceivedMessage<unknown>) {
  return { topic, messageId, attempt, broker: queue.broker, queueId: queue.queueId, queueOffset }
}
