import type { Clock } from '@rocketmq-ts/platform'
import type { SendReceipt } from './messages/message.ts'
import type { ReceivedMessage } from './messages/received-message.ts'
import type {
  OpenTelemetry,
  TelemetryAttributes,
  TelemetryCounter,
  TelemetryHistogram,
  TelemetryObservableResult,
  TelemetrySpan,
  TelemetryTracer,
} from './open-telemetry.ts'
import { RocketMQError } from './rocketmq-error.ts'
import type { QueueRef } from './routing/topic-route.ts'

/** Whose telemetry it is. */
export interface TelemetryOwner {
  readonly clientId: string
  /** A reader has none. */
  readonly group: string | undefined
  readonly namespace: string | undefined
  readonly clock: Pick<Clock, 'monotonic' | 'now'>
}

/** A message that is sent, as far as telemetry tells of it. */
export interface SentMessage {
  readonly topic: string
  readonly tag?: string | undefined
  readonly keys?: string | readonly string[] | undefined
  readonly shardingKey?: string | undefined
}

/** A message that was received, as far as it is given: a receipt is enough to settle it. */
export interface SettledMessage {
  readonly queue: { readonly topic: string }
  readonly topic?: string | undefined
  readonly messageId?: string | undefined
  readonly properties?: Readonly<Record<string, string>> | undefined
}

const scope = '@rocketmq-ts/client'

/** What a message carries, so that what its consumers do can be linked to its sending (W3C trace context). */
export type Carrier = Record<string, string>

/** Spans and metrics by OpenTelemetry's conventions for messaging. */
export class Telemetry {
  readonly #api: OpenTelemetry
  readonly #owner: TelemetryOwner
  readonly #tracer: TelemetryTracer
  readonly #operationDuration: TelemetryHistogram
  readonly #processDuration: TelemetryHistogram
  readonly #sent: TelemetryCounter
  readonly #consumed: TelemetryCounter

  constructor(openTelemetry: OpenTelemetry, owner: TelemetryOwner) {
    this.#api = openTelemetry
    this.#owner = owner
    this.#tracer = openTelemetry.trace.getTracer(scope)
    const meter = openTelemetry.metrics.getMeter(scope)
    this.#operationDuration = meter.createHistogram('messaging.client.operation.duration', { unit: 's' })
    this.#processDuration = meter.createHistogram('messaging.process.duration', { unit: 's' })
    this.#sent = meter.createCounter('messaging.client.sent.messages', { unit: '{message}' })
    this.#consumed = meter.createCounter('messaging.client.consumed.messages', { unit: '{message}' })
  }

  /**
   * Tells how far behind each queue is, whenever metrics are collected.
   * @param read what is known at that moment: topics as users name them
   * @returns what ends it
   */
  observeLag(read: () => Iterable<{ readonly queue: QueueRef; readonly lag: number }>): () => void {
    const gauge = this.#api.metrics.getMeter(scope).createObservableGauge('messaging.rocketmq.consumer.lag', {
      unit: '{message}',
      description: 'Messages of a queue that are not done, by what its broker said last',
    })
    const observation = (result: TelemetryObservableResult): void => {
      for (const { queue, lag } of read()) {
        result.observe(lag, {
          ...this.#about(queue.topic),
          'messaging.destination.partition.id': partitionId(queue),
          ...(this.#owner.group === undefined ? {} : { 'messaging.consumer.group.name': this.#owner.group }),
        })
      }
    }
    gauge.addCallback(observation)
    return () => gauge.removeCallback(observation)
  }

  /** @param call sends the messages with what it is given among their properties */
  async send(
    messages: readonly SentMessage[],
    call: (carrier: Carrier) => Promise<SendReceipt | SendReceipt[]>,
  ): Promise<SendReceipt | SendReceipt[]> {
    const { context, propagation, SpanKind, trace } = this.#api
    const [first] = messages
    const common = this.#common('send', first?.topic ?? '')
    const attributes: TelemetryAttributes = {
      ...common,
      'messaging.rocketmq.client_group': this.#owner.group,
      ...aboutMessage(first, messages.length),
    }
    const name = `send ${first?.topic ?? ''}`
    const span = this.#tracer.startSpan(name, { kind: SpanKind.PRODUCER, attributes })
    const carrier: Carrier = {}
    propagation.inject(trace.setSpan(context.active(), span), carrier)
    const startMs = this.#owner.clock.monotonic()
    let failure: TelemetryAttributes = {}
    try {
      const sent = await call(carrier)
      const receipts = Array.isArray(sent) ? sent : [sent]
      if (receipts.length === 1) {
        const { messageId, queue } = receipts[0]!
        span.setAttributes({
          'messaging.message.id': messageId,
          'messaging.destination.partition.id': partitionId(queue),
        })
      }
      return sent
    } catch (error) {
      failure = this.#failed(span, error)
      throw error
    } finally {
      this.#operationDuration.record((this.#owner.clock.monotonic() - startMs) / 1000, { ...common, ...failure })
      this.#sent.add(messages.length, { ...common, ...failure })
      span.end()
    }
  }

  /** @param handle runs the handler; what it throws is thrown on */
  async process(messages: readonly ReceivedMessage<unknown>[], handle: () => Promise<unknown>): Promise<unknown> {
    const { context, SpanKind, trace } = this.#api
    const { topic, queue, messageId } = messages[0]!
    const common = { ...this.#common('process', topic), 'messaging.consumer.group.name': this.#owner.group }
    const links = this.#senders(messages)
    const attributes: TelemetryAttributes = {
      ...common,
      'messaging.destination.partition.id': partitionId(queue),
      ...aboutMessage(messages[0], messages.length),
      ...(messages.length === 1 ? { 'messaging.message.id': messageId } : {}),
    }
    const span = this.#tracer.startSpan(`process ${topic}`, { kind: SpanKind.CONSUMER, attributes, links })
    const startMs = this.#owner.clock.monotonic()
    let failure: TelemetryAttributes = {}
    try {
      return await context.with(trace.setSpan(context.active(), span), handle)
    } catch (error) {
      failure = this.#failed(span, error)
      throw error
    } finally {
      this.#processDuration.record((this.#owner.clock.monotonic() - startMs) / 1000, { ...common, ...failure })
      this.#consumed.add(messages.length, { ...common, ...failure })
      span.end()
    }
  }

  /**
   * A program asks for messages. There is a span where it got some, or an error.
   * @param topic the one that it asks for; undefined for several
   */
  async receive<Message extends ReceivedMessage<unknown>>(
    topic: string | undefined,
    call: () => Promise<Message[]>,
  ): Promise<Message[]> {
    const { clock, group } = this.#owner
    const startMs = clock.monotonic()
    const startTime = clock.now()
    const finish = (messages: readonly Message[], error?: unknown): void => {
      const [first] = messages
      const name = first?.topic ?? topic
      const common = { ...this.#common('receive', name), 'messaging.consumer.group.name': group }
      const attributes = { ...common, ...aboutReceived(messages) }
      const kind = this.#api.SpanKind.CLIENT
      const links = this.#senders(messages)
      const span = this.#tracer.startSpan(`receive ${name ?? ''}`.trim(), { kind, attributes, links, startTime })
      const failure = error === undefined ? {} : this.#failed(span, error)
      this.#operationDuration.record((clock.monotonic() - startMs) / 1000, { ...common, ...failure })
      if (messages.length > 0) this.#consumed.add(messages.length, { ...common, ...failure })
      span.end()
    }
    try {
      const messages = await call()
      if (messages.length > 0) finish(messages)
      return messages
    } catch (error) {
      finish([], error)
      throw error
    }
  }

  /**
   * A program tells what becomes of messages that it received.
   * @param name the method that it calls
   */
  async settle<Result>(
    name: 'ack' | 'changeInvisible' | 'deadLetter',
    messages: readonly SettledMessage[],
    call: () => Promise<Result>,
  ): Promise<Result> {
    const { clock, group } = this.#owner
    const [first] = messages
    if (first === undefined) return call()
    const topic = first.topic ?? first.queue.topic
    const common = { ...this.#common('settle', topic, name), 'messaging.consumer.group.name': group }
    const attributes: TelemetryAttributes = {
      ...common,
      ...(messages.length > 1
        ? { 'messaging.batch.message_count': messages.length }
        : { 'messaging.message.id': first.messageId }),
    }
    const links = this.#senders(messages)
    const span = this.#tracer.startSpan(`${name} ${topic}`, { kind: this.#api.SpanKind.CLIENT, attributes, links })
    const startMs = clock.monotonic()
    let failure: TelemetryAttributes = {}
    try {
      return await call()
    } catch (error) {
      failure = this.#failed(span, error)
      throw error
    } finally {
      this.#operationDuration.record((clock.monotonic() - startMs) / 1000, { ...common, ...failure })
      span.end()
    }
  }

  /** The spans in which messages were sent. */
  #senders(messages: readonly Pick<SettledMessage, 'properties'>[]) {
    const { propagation, ROOT_CONTEXT, trace } = this.#api
    return messages.flatMap(({ properties = {} }) => {
      const sender = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, properties))
      return sender === undefined ? [] : [{ context: sender }]
    })
  }

  #common(
    type: 'send' | 'process' | 'receive' | 'settle',
    topic: string | undefined,
    name: string = type,
  ): TelemetryAttributes {
    return {
      ...this.#about(topic),
      'messaging.operation.name': name,
      'messaging.operation.type': type,
    }
  }

  #about(topic: string | undefined): TelemetryAttributes {
    const { clientId, namespace } = this.#owner
    return {
      'messaging.system': 'rocketmq',
      ...(topic === undefined ? {} : { 'messaging.destination.name': topic }),
      'messaging.client.id': clientId,
      ...(namespace === undefined ? {} : { 'messaging.rocketmq.namespace': namespace }),
    }
  }

  #failed(span: TelemetrySpan, error: unknown): TelemetryAttributes {
    const type = error instanceof RocketMQError ? error.code : error instanceof Error ? error.name : '_OTHER'
    span.setAttribute('error.type', type)
    span.setStatus({
      code: this.#api.SpanStatusCode.ERROR,
      message: error instanceof Error ? error.message : undefined,
    })
    return { 'error.type': type }
  }
}

function aboutReceived(messages: readonly ReceivedMessage<unknown>[]): TelemetryAttributes {
  const [first] = messages
  if (first === undefined) return {}
  if (messages.length > 1) return aboutMessage(first, messages.length)
  return {
    ...aboutMessage(first, 1),
    'messaging.destination.partition.id': partitionId(first.queue),
    'messaging.message.id': first.messageId,
  }
}

function partitionId({ broker, queueId }: QueueRef): string {
  return `${broker}-${queueId}`
}

function aboutMessage(message: SentMessage | ReceivedMessage<unknown> | undefined, count: number): TelemetryAttributes {
  if (count > 1) return { 'messaging.batch.message_count': count }
  if (message === undefined) return {}
  const { tag, keys = [], shardingKey } = message
  const list = typeof keys === 'string' ? [keys] : [...keys]
  return {
    ...(tag === undefined ? {} : { 'messaging.rocketmq.message.tag': tag }),
    ...(list.length === 0 ? {} : { 'messaging.rocketmq.message.keys': list }),
    ...(shardingKey === undefined ? {} : { 'messaging.rocketmq.message.group': shardingKey }),
  }
}
