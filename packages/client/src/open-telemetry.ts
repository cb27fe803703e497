/**
 * What the client uses of the module `@opentelemetry/api`, as the program has set it up:
 * `import * as openTelemetry from '@opentelemetry/api'`. It is named here, so that programs without OpenTelemetry need no
 * types of it.
 */
export interface OpenTelemetry {
  readonly context: {
    active(): TelemetryContext
    with(context: TelemetryContext, run: () => unknown): unknown
  }
  readonly propagation: {
    inject(context: TelemetryContext, carrier: Record<string, string>): void
    extract(context: TelemetryContext, carrier: Readonly<Record<string, string>>): TelemetryContext
  }
  readonly trace: {
    getTracer(name: string): TelemetryTracer
    setSpan(context: TelemetryContext, span: TelemetrySpan): TelemetryContext
    getSpanContext(context: TelemetryContext): TelemetrySpanContext | undefined
  }
  readonly metrics: { getMeter(name: string): TelemetryMeter }
  readonly ROOT_CONTEXT: TelemetryContext
  readonly SpanKind: { readonly CLIENT: number; readonly PRODUCER: number; readonly CONSUMER: number }
  readonly SpanStatusCode: { readonly ERROR: number }
}

/** Handed on as it is. */
export type TelemetryContext = object

export interface TelemetrySpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
}

export type TelemetryAttributes = Record<string, string | number | string[] | undefined>

export interface TelemetrySpanOptions {
  readonly kind: number
  readonly attributes: TelemetryAttributes
  readonly links?: { readonly context: TelemetrySpanContext }[] | undefined
  /** Milliseconds since 1970; now without it. */
  readonly startTime?: number | undefined
}

export interface TelemetryTracer {
  startSpan(name: string, options: TelemetrySpanOptions): TelemetrySpan
}

export interface TelemetrySpan {
  setAttribute(name: string, value: string): unknown
  setAttributes(attributes: TelemetryAttributes): unknown
  setStatus(status: { readonly code: number; readonly message?: string | undefined }): unknown
  end(): void
}

export interface TelemetryMeter {
  createHistogram(name: string, options: TelemetryInstrumentOptions): TelemetryHistogram
  createCounter(name: string, options: TelemetryInstrumentOptions): TelemetryCounter
  createObservableGauge(name: string, options: TelemetryInstrumentOptions): TelemetryObservableGauge
}

export interface TelemetryInstrumentOptions {
  readonly unit: string
  readonly description?: string | undefined
}

export interface TelemetryHistogram {
  record(value: number, attributes: TelemetryAttributes): void
}

export interface TelemetryCounter {
  add(value: number, attributes: TelemetryAttributes): void
}

/** Read whenever metrics are collected. */
export interface TelemetryObservableGauge {
  addCallback(callback: TelemetryObservation): void
  removeCallback(callback: TelemetryObservation): void
}

export type TelemetryObservation = (result: TelemetryObservableResult) => void

export interface TelemetryObservableResult {
  observe(value: number, attributes: TelemetryAttributes): void
}
