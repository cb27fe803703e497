import diagnosticsChannel, { type TracingChannel } from 'node:diagnostics_channel'

/** What subscribers of `tracing:rocketmq:send:*` are told. */
export interface SendDiagnostics {
  readonly topic: string
  readonly group: string
  readonly clientId: string
  /** Messages of the call. */
  readonly count: number
}

/** What subscribers of `tracing:rocketmq:process:*` are told. */
export interface ProcessDiagnostics {
  readonly topic: string
  readonly group: string
  readonly clientId: string
  readonly broker: string
  readonly queueId: number
  /** Ids of the messages that the handler is given. */
  readonly messageIds: readonly string[]
}

const sending: TracingChannel<object> = diagnosticsChannel.tracingChannel('rocketmq:send')
const processing: TracingChannel<object> = diagnosticsChannel.tracingChannel('rocketmq:process')

/** Calls, and tells those who listen at `tracing:rocketmq:send:start`, `asyncEnd` and `error`; nothing when nobody does. */
export function tracedSend<Result>(about: () => SendDiagnostics, call: () => Promise<Result>): Promise<Result> {
  return traced(sending, about, call)
}

/** The same at `tracing:rocketmq:process:start` ... */
export function tracedProcess<Result>(about: () => ProcessDiagnostics, call: () => Promise<Result>): Promise<Result> {
  return traced(processing, about, call)
}

function traced<Result>(
  channel: TracingChannel<object>,
  about: () => object,
  call: () => Promise<Result>,
): Promise<Result> {
  return channel.hasSubscribers ? channel.tracePromise(call, about()) : call()
}
