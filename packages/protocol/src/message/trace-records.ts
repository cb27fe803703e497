/**
 * One step of a message, in the encoding of the official clients' traces: fields separated by 0x01, ended by 0x02.
 */
const fieldEnd = '\u0001'
const recordEnd = '\u0002'

/** Kinds of messages as traces number them. */
export const traceMessageType = { normal: 0, half: 1, committed: 2, delayed: 3 } as const

/** What all steps tell of a message. */
export interface TracedMessage {
  regionId: string
  /** Of the producers or consumers that the step is about. */
  group: string
  topic: string
  /** The unique key. */
  messageId: string
  tags: string
  keys: string
  /** `host:port` of the broker. */
  storeHost: string
  messageType: (typeof traceMessageType)[keyof typeof traceMessageType]
}

/** The message was stored in its topic, or its producer was told that it was not. */
interface StoredStep extends TracedMessage {
  kind: 'stored'
  /** Default true. */
  isStored?: boolean
  bodyLength: number
  /** Milliseconds since it was stored before: of a delay, how long that took. */
  costMs: number
  offsetMessageId: string
}

/** The end of the message's transaction, or a question about it. */
export interface TransactionStep extends TracedMessage {
  kind: 'transaction'
  state: 'COMMIT_MESSAGE' | 'ROLLBACK_MESSAGE' | 'UNKNOW'
  fromCheck: boolean
}

/** A consumer begins to handle the message. */
interface HandlingStep {
  kind: 'handling'
  regionId: string
  group: string
  messageId: string
  keys: string
  /** Ties the step to the one that ends it. */
  requestId: string
  /** Deliveries before this one. */
  retries: number
}

/** A consumer has handled the message. */
interface HandledStep {
  kind: 'handled'
  group: string
  messageId: string
  keys: string
  requestId: string
  costMs: number
  outcome: keyof typeof handlingOutcomes
}

/** As traces number them. */
const handlingOutcomes = { success: 0, timeout: 1, exception: 2 } as const

export type TraceStep = StoredStep | TransactionStep | HandlingStep | HandledStep

const int32Max = 0x7fffffff

/** @param timestampMs milliseconds since 1970 */
export function traceRecord(step: TraceStep, timestampMs: number): string {
  const fields = fieldsOf(step, timestampMs)
  return fields.map((field) => withoutEnds(String(field))).join(fieldEnd) + recordEnd
}

/** What a message says of itself must not end a field. */
export function withoutEnds(text: string): string {
  return text.replaceAll(fieldEnd, ' ').replaceAll(recordEnd, ' ')
}

function fieldsOf(step: TraceStep, timestampMs: number): (string | number | boolean)[] {
  const { group, messageId, keys } = step
  if (step.kind === 'handling') {
    return ['SubBefore', timestampMs, step.regionId, group, step.requestId, messageId, step.retries, keys]
  }
  if (step.kind === 'handled') {
    const { requestId, outcome } = step
    const ended = [costOf(step), outcome === 'success', keys, handlingOutcomes[outcome]]
    return ['SubAfter', requestId, messageId, ...ended, timestampMs, group]
  }
  const { regionId, topic, tags, storeHost, messageType } = step
  const message = [timestampMs, regionId, group, topic, messageId, tags, keys, storeHost]
  if (step.kind === 'transaction') {
    return ['EndTransaction', ...message, messageType, messageId, step.state, step.fromCheck]
  }
  return ['Pub', ...message, step.bodyLength, costOf(step), messageType, step.offsetMessageId, step.isStored ?? true]
}

function costOf({ costMs }: { readonly costMs: number }): number {
  return Math.min(int32Max, Math.max(0, Math.round(costMs)))
}
