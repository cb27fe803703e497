import * as openTelemetry from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Consumer, LiteSimpleConsumer, Producer, Reader, SimpleConsumer } from '../src/index.ts'
import { numbered, send, startScene } from './client-kit.ts'
import { startLite } from './lite/lite-kit.ts'

interface RecordedSpan {
  readonly name: string
  readonly options: openTelemetry.SpanOptions
  readonly attributes: openTelemetry.Attributes
  readonly context: openTelemetry.SpanContext
  status: openTelemetry.SpanStatus | undefined
  isEnded: boolean
}

interface Recorded {
  readonly name: string
  readonly value: number
  readonly attributes: openTelemetry.Attributes
}

/** What a program sets up, as far as it is used: spans, metrics and W3C's context are noted. */
class Recorder {
  readonly spans: RecordedSpan[] = []
  readonly measured: Recorded[] = []
  readonly #observed = new Map<openTelemetry.ObservableCallback, string>()

  /** What is measured when metrics are collected. */
  collect(): Recorded[] {
    const collected: Recorded[] = []
    for (const [observe, name] of this.#observed) {
      observe({ observe: (value, attributes = {}) => void collected.push({ name, value, attributes }) })
    }
    return collected
  }

  setUp(): void {
    const tracer = { startSpan: (name: string, options: openTelemetry.SpanOptions) => this.#span(name, options) }
    openTelemetry.trace.setGlobalTracerProvider({ getTracer: () => tracer as unknown as openTelemetry.Tracer })
    const instrument = (name: string) => {
      const note = (value: number, attributes: openTelemetry.Attributes): void => {
        this.measured.push({ name, value, attributes })
      }
      return { record: note, add: note }
    }
    const createObservableGauge = (name: string) => ({
      addCallback: (observe: openTelemetry.ObservableCallback) => void this.#observed.set(observe, name),
      removeCallback: (observe: openTelemetry.ObservableCallback) => void this.#observed.delete(observe),
    })
    const meter = { createHistogram: instrument, createCounter: instrument, createObservableGauge }
    openTelemetry.metrics.setGlobalMeterProvider({ getMeter: () => meter as unknown as openTelemetry.Meter })
    openTelemetry.propagation.setGlobalPropagator({
      inject(context, carrier, setter) {
        const { traceId, spanId } = openTelemetry.trace.getSpanContext(context)!
        setter.set(carrier, 'traceparent', `00-${traceId}-${spanId}-01`)
      },
      extract(context, carrier, getter) {
        const [, traceId = '', spanId = ''] = String(getter.get(carrier, 'traceparent') ?? '').split('-')
        if (traceId === '') return context
        return openTelemetry.trace.setSpanContext(context, { traceId, spanId, traceFlags: 1 })
      },
      fields: () => ['traceparent'],
    })
  }

  #span(name: string, options: openTelemetry.SpanOptions): openTelemetry.Span {
    const number = this.spans.length + 1
    const recorded: RecordedSpan = {
      name,
      options,
      attributes: { ...options.attributes },
      context: {
        traceId: String(number).padStart(32, '0'),
        spanId: String(number).padStart(16, '0'),
        traceFlags: 1,
      },
      status: undefined,
      isEnded: false,
    }
    this.spans.push(recorded)
    const span = {
      spanContext: () => recorded.context,
      setAttribute: (key: string, value: openTelemetry.AttributeValue) =>
        Object.assign(recorded.attributes, { [key]: value }),
      setAttributes: (attributes: openTelemetry.Attributes) => Object.assign(recorded.attributes, attributes),
      setStatus: (status: openTelemetry.SpanStatus) => {
        recorded.status = status
      },
      end: () => {
        recorded.isEnded = true
      },
    }
    return span as unknown as openTelemetry.Span
  }
}

describe('telemetry', () => {
  let recorder: Recorder
  beforeEach(() => {
    recorder = new Recorder()
    recorder.setUp()
  })
  afterEach(() => {
    openTelemetry.trace.disable()
    openTelemetry.metrics.disable()
    openTelemetry.propagation.disable()
  })

  test('has a span for each send and each handling, linked by the context in the message', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', openTelemetry })
    const message = { topic: 'T', body: 'a', tag: 'x', keys: 'k', shardingKey: 's' }
    const receipt = await scene.settle(producer.send(message))
    let attempts = 0
    const consumer = new Consumer({
      ...scene.client(),
      group: 'readers',
      topics: 'T',
      from: 'earliest',
      openTelemetry,
      handler: () => {
        if (++attempts === 1) throw new TypeError('not yet')
      },
    })
    await scene.settle(consumer.start())
    await scene.cluster.until('it is handled', () => recorder.spans.filter(({ isEnded }) => isEnded).length === 3)
    const [sent, failed, handled] = recorder.spans
    expect(sent).toMatchObject({
      name: 'send T',
      options: { kind: openTelemetry.SpanKind.PRODUCER },
      attributes: {
        'messaging.system': 'rocketmq',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'T',
        'messaging.destination.partition.id': 'broker-1-0',
        'messaging.client.id': producer.clientId,
        'messaging.message.id': receipt.messageId,
        'messaging.rocketmq.message.tag': 'x',
        'messaging.rocketmq.message.keys': ['k'],
        'messaging.rocketmq.message.group': 's',
      },
      status: undefined,
    })
    expect(failed).toMatchObject({
      name: 'process T',
      attributes: { 'messaging.consumer.group.name': 'readers', 'error.type': 'TypeError' },
      status: { code: openTelemetry.SpanStatusCode.ERROR },
    })
    expect(handled).toMatchObject({
      name: 'process T',
      options: { kind: openTelemetry.SpanKind.CONSUMER, links: [{ context: { traceId: sent!.context.traceId } }] },
      attributes: { 'messaging.message.id': receipt.messageId },
      status: undefined,
    })
    await scene.settle(Promise.all([producer.close(), consumer.close()]))
  })

  test('has a span where a program receives something, and for what it makes of it, linked to the sending', async () => {
    const scene = await startLite()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', openTelemetry })
    for (const message of [
      { topic: 'T', body: 'a' },
      { topic: 'T', body: 'b' },
      { topic: 'chat', liteTopic: 'x', body: 'c' },
    ]) {
      await scene.settle(producer.send(message))
    }
    const sent = recorder.spans.splice(0)
    recorder.measured.length = 0
    const simple = new SimpleConsumer({
      ...scene.client(),
      ...{ group: 'others', topics: 'T', from: 'earliest', openTelemetry },
    })
    const messages = await scene.settle(simple.receive())
    await scene.settle(simple.changeInvisible(messages[0]!, 60_000))
    await scene.settle(simple.ack(messages))
    await scene.settle(simple.receive({ waitMs: 1000 }))
    await scene.failure(simple.ack({ ...messages[0]!, receipt: 'none' }))
    const lite = new LiteSimpleConsumer({
      ...scene.client(),
      ...{ group: 'readers', topic: 'chat', liteTopics: ['x'], openTelemetry },
    })
    const [ofLite] = await scene.settle(lite.receive())
    await scene.settle(lite.deadLetter(ofLite!))
    const shown = recorder.spans.map(({ name, attributes, options }) => [
      name,
      attributes['messaging.operation.name'],
      attributes['messaging.operation.type'],
      attributes['error.type'],
      options.links?.map(({ context }) => context.traceId),
    ])
    const [a, b, c] = sent.map(({ context }) => context.traceId)
    expect(shown).toEqual([
      ['receive T', 'receive', 'receive', undefined, [a, b]],
      ['changeInvisible T', 'changeInvisible', 'settle', undefined, [a]],
      ['ack T', 'ack', 'settle', undefined, [a, b]],
      ['ack T', 'ack', 'settle', 'INVALID_ARGUMENT', [a]],
      ['receive chat', 'receive', 'receive', undefined, [c]],
      ['deadLetter chat', 'deadLetter', 'settle', undefined, [c]],
    ])
    for (const { options, isEnded } of recorder.spans) {
      expect(options.kind).toBe(openTelemetry.SpanKind.CLIENT)
      expect(isEnded).toBe(true)
    }
    expect(recorder.spans[0]!.attributes).toMatchObject({
      'messaging.system': 'rocketmq',
      'messaging.destination.name': 'T',
      'messaging.consumer.group.name': 'others',
      'messaging.client.id': simple.clientId,
      'messaging.batch.message_count': 2,
    })
    const named = (name: string): Recorded[] => recorder.measured.filter((one) => one.name === name)
    expect(named('messaging.client.consumed.messages').map(({ value }) => value)).toEqual([2, 1])
    expect(named('messaging.client.operation.duration')).toHaveLength(6)
    await scene.settle(Promise.all([producer.close(), simple.close(), lite.close()]))
  })

  test('measures durations and counts, with the kind of an error', async () => {
    const scene = await startScene({ brokerSettings: { autoCreateTopicEnable: 'false' } })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', openTelemetry })
    await scene.settle(producer.send([1, 2, 3].map((n) => ({ topic: 'T', body: `${n}` }))))
    await scene.failure(producer.send({ topic: 'missing', body: 'a' }))
    const named = (name: string): Recorded[] => recorder.measured.filter((one) => one.name === name)
    expect(named('messaging.client.sent.messages')).toMatchObject([
      { value: 3, attributes: { 'messaging.destination.name': 'T' } },
      { value: 1, attributes: { 'error.type': 'TOPIC_NOT_EXIST' } },
    ])
    const durations = named('messaging.client.operation.duration')
    expect(durations.length).toBe(2)
    for (const { value } of durations) expect(value).toBeLessThan(60)
    expect(recorder.spans[0]!.attributes['messaging.batch.message_count']).toBe(3)
    await scene.settle(producer.close())
  })

  test('tells how far behind each queue of a consumer and of a reader is, until it is closed', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', numbered(5))
    const held = Promise.withResolvers<void>()
    const consumer = new Consumer({
      ...scene.client(),
      group: 'readers',
      topics: 'T',
      from: 'earliest',
      concurrency: 1,
      openTelemetry,
      handler: ({ body }) => (String(body) === 'm2' ? held.promise : undefined),
    })
    const reader = new Reader({ ...scene.client(), topic: 'T', openTelemetry })
    expect(recorder.collect()).toEqual([])
    await scene.settle(consumer.start())
    const messages = reader.messages()
    await scene.settle(messages.next())
    const lags = () => recorder.collect().filter(({ attributes }) => attributes['messaging.destination.name'] === 'T')
    await scene.cluster.until('two messages are done', () => lags()[0]?.value === 3)
    const about = { 'messaging.destination.name': 'T', 'messaging.destination.partition.id': 'broker-1-0' }
    expect(lags()).toEqual([
      {
        name: 'messaging.rocketmq.consumer.lag',
        value: 3,
        attributes: {
          ...about,
          'messaging.system': 'rocketmq',
          'messaging.client.id': consumer.clientId,
          'messaging.consumer.group.name': 'readers',
        },
      },
      { name: 'messaging.rocketmq.consumer.lag', value: 4, attributes: expect.objectContaining(about) },
    ])
    held.resolve()
    await scene.cluster.until('everything is done', () => lags()[0]?.value === 0)
    await scene.settle(Promise.all([consumer.close(), reader.close()]))
    expect(recorder.collect()).toEqual([])
  })
})
