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

/** The message was stored in its topic. */
export interface StoredStep extends TracedMessage {
  kind: 'stored'
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

export type TraceStep = StoredStep | TransactionStep

const int32Max = 0x7fffffff

/** @param timestampMs milliseconds since 1970 */
export function traceRecord(step: TraceStep, timestampMs: number): string {
  const { regionId, group, topic, messageId, tags, keys, storeHost, messageType } = step
  const message = [timestampMs, regionId, group, topic, messageId, tags, keys, storeHost]
  const fields =
    step.kind === 'stored'
      ? ['Pub', ...message, step.bodyLength, costOf(step), messageType, step.offsetMessageId, true]
      : ['EndTransaction', ...message, messageType, messageId, step.state, step.fromCheck]
  // What a message says of itself must not end a field.
  const texts = fields.map((field) => String(field).replaceAll(fieldEnd, ' ').replaceAll(recordEnd, ' '))
  return texts.join(fieldEnd) + recordEnd
}

function costOf({ costMs }: StoredStep): number {
  return Math.min(int32Max, Math.max(0, Math.round(costMs)))
}
