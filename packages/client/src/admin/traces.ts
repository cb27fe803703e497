import type { ReceivedMessage } from '../messages/received-message.ts'

/** What a client noted of a message in the trace topic. */
export interface TraceEvent {
  readonly kind: 'sent' | 'received' | 'handled' | 'transactionEnded' | 'recalled'
  /** Milliseconds since 1970; undefined where the client noted none. */
  readonly timestamp: number | undefined
  readonly group: string
  readonly topic: string | undefined
  readonly messageId: string
  readonly tag: string | undefined
  readonly keys: string | undefined
  /** The client's host. */
  readonly clientHost: string
  /** Where it was stored. */
  readonly storeHost: string | undefined
  /** Milliseconds that it took. */
  readonly costMs: number | undefined
  /** Undefined where the outcome is not known yet. */
  readonly succeeded: boolean | undefined
  /** The delivery, from 1 on, of a message that was received. */
  readonly attempt: number | undefined
  /** The state that a transaction ended in. */
  readonly transactionState: string | undefined
  /** Joins what was received to how it was handled. */
  readonly requestId: string | undefined
}

/** Where clients write traces unless they are told another topic. */
export const defaultTraceTopic = 'RMQ_SYS_TRACE_TOPIC'

const fieldSeparator = '\u0001'
const recordSeparator = '\u0002'

/**
 * Reads a message of the trace topic. Each record is fields with 0x01 between them, and ends with 0x02; `null` stands for
 * what is missing. Records of kinds that nobody knows are passed over.
 *
 *     Pub time region group topic id tags keys storeHost bodyLength cost kind offsetId succeeded
 *     SubBefore time region group request id retries keys
 *     SubAfter request id cost succeeded keys [code [time group]]
 *     EndTransaction time region group topic id tags keys storeHost kind transactionId state fromCheck
 *     Recall time region group topic id succeeded
 */
export function decodeTraces(message: Pick<ReceivedMessage, 'body' | 'bornHost'>): TraceEvent[] {
  const clientHost = message.bornHost.replace(/:\d+$/, '')
  return message.body
    .toString('utf8')
    .split(recordSeparator)
    .flatMap((record) => {
      const event = decodeRecord(record.split(fieldSeparator), clientHost)
      return event === undefined ? [] : [event]
    })
}

function decodeRecord(fields: readonly string[], clientHost: string): TraceEvent | undefined {
  const at = (index: number): string | undefined => textOf(fields[index])
  const none = {
    timestamp: undefined,
    group: '',
    topic: undefined,
    tag: undefined,
    keys: undefined,
    clientHost,
    storeHost: undefined,
    costMs: undefined,
    succeeded: undefined,
    attempt: undefined,
    transactionState: undefined,
    requestId: undefined,
  }
  const first = { ...none, timestamp: numberOf(at(1)), group: at(3) ?? '' }
  switch (fields[0]?.trim()) {
    case 'Pub': {
      const [topic, messageId = '', tag, keys, storeHost] = [at(4), at(5), at(6), at(7), at(8)]
      // Older clients do not note the id of the place.
      const succeeded = truthOf(fields.length > 13 ? at(13) : at(12))
      return { ...first, kind: 'sent', topic, messageId, tag, keys, storeHost, costMs: numberOf(at(10)), succeeded }
    }
    case 'SubBefore': {
      const retries = numberOf(at(6))
      const attempt = retries === undefined ? undefined : retries + 1
      return { ...first, kind: 'received', requestId: at(4), messageId: at(5) ?? '', attempt, keys: at(7) }
    }
    case 'SubAfter': {
      const event = { ...none, kind: 'handled', requestId: at(1), messageId: at(2) ?? '', keys: at(5) } as const
      const [timestamp, group = ''] = [numberOf(at(7)), at(8)]
      return { ...event, costMs: numberOf(at(3)), succeeded: truthOf(at(4)), timestamp, group }
    }
    case 'EndTransaction': {
      const [topic, messageId = '', tag, keys, storeHost] = [at(4), at(5), at(6), at(7), at(8)]
      return { ...first, kind: 'transactionEnded', topic, messageId, tag, keys, storeHost, transactionState: at(11) }
    }
    case 'Recall':
      return { ...first, kind: 'recalled', topic: at(4), messageId: at(5) ?? '', succeeded: truthOf(at(6)) }
    default:
      return undefined
  }
}

function textOf(field: string | undefined): string | undefined {
  return field === undefined || field === 'null' || field === '' ? undefined : field
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text ?? 'none')
  return Number.isSafeInteger(value) ? value : undefined
}

function truthOf(text: string | undefined): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined
}

/** What messages of the trace topic tell of one message. */
export function tracesIn(found: readonly ReceivedMessage[], messageId: string): TraceEvent[] {
  return found.flatMap(decodeTraces).filter((event) => event.messageId === messageId)
}
