import { type ResponseCodeName, responseCodeName, responseCodes } from '@rocketmq-ts/protocol'

/** What failed in the client itself, or between it and a server. */
export type ClientErrorCode =
  /** The caller's signal ended the call. */
  | 'ABORTED'
  /** The producer, consumer, reader or admin was closed. */
  | 'CLOSED'
  /** No answer came within the time of an attempt, or within that of the whole call. */
  | 'TIMEOUT'
  | 'CONNECT_FAILED'
  | 'CONNECTION_LOST'
  /** No broker takes messages of the topic, or gives them, at the moment. */
  | 'NO_ROUTE'
  /** What the caller gave cannot be used. */
  | 'INVALID_ARGUMENT'
  | 'MESSAGE_TOO_LARGE'
  /** A body cannot be decoded. */
  | 'UNDECODABLE'
  /** A server answered something that is no answer of this protocol. */
  | 'INVALID_ANSWER'
  /** Of several messages some were stored and some were not: see `SendManyError`. */
  | 'PARTIAL_FAILURE'

/** The client's own codes, and RocketMQ's names of response codes. */
export type RocketMQErrorCode = ClientErrorCode | ResponseCodeName

/** Where a request went that failed. */
export interface FailurePlace {
  readonly topic?: string | undefined
  /** The broker's name, or its `host:port` where no name is known. */
  readonly broker?: string | undefined
  readonly queueId?: number | undefined
}

export interface RocketMQErrorDetails extends FailurePlace {
  readonly cause?: unknown
  readonly retryable?: boolean
  readonly outcome?: 'refused' | 'unknown'
  readonly responseCode?: number | undefined
}

/** Client codes after which the same call may succeed. */
const retryableCodes: ReadonlySet<RocketMQErrorCode> = new Set([
  'TIMEOUT',
  'CONNECT_FAILED',
  'CONNECTION_LOST',
  'NO_ROUTE',
  'FLOW_CONTROL',
])

/** Every error that a call of this package ends with. */
export class RocketMQError extends Error {
  override readonly name: string = 'RocketMQError'
  /** Stable: programs may compare it. */
  readonly code: RocketMQErrorCode
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** `refused`: no attempt was carried out. `unknown`: one may have been, for example the message may be stored. */
  outcome: 'refused' | 'unknown'
  readonly topic: string | undefined
  /** The broker of the last attempt: its name, or its `host:port` where no name is known. */
  readonly broker: string | undefined
  /** The queue of the last attempt. */
  readonly queueId: number | undefined
  /** The number behind `code` when a server answered it, also when it has no name here. */
  readonly responseCode: number | undefined
  /** How often it was tried. */
  attempts = 1

  constructor(code: RocketMQErrorCode, message: string, details: RocketMQErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.retryable = details.retryable ?? (isMarkedRetryable(code) || retryableCodes.has(code))
    this.outcome = details.outcome ?? 'refused'
    this.topic = details.topic
    this.broker = details.broker
    this.queueId = details.queueId
    this.responseCode = details.responseCode
  }
}

function isMarkedRetryable(code: RocketMQErrorCode): boolean {
  return code in responseCodes && responseCodes[code as ResponseCodeName].retry
}

/** The error for an answer that is not the one that was hoped for. */
export function answerError(
  commandName: string,
  answer: { readonly code: number; readonly remark: string | undefined },
  place: FailurePlace,
): RocketMQError {
  const code = responseCodeName(answer.code) ?? 'SYSTEM_ERROR'
  const where = place.broker === undefined ? '' : ` by ${place.broker}`
  const why = answer.remark ?? 'no reason was given'
  const message = `${commandName} was answered with ${answer.code} ${code}${where}: ${why}`
  return new RocketMQError(code, message, { ...place, responseCode: answer.code })
}

/**
 * What the answer to a request says.
 * @throws RocketMQError INVALID_ANSWER when it cannot be read: what was asked for may have been carried out
 */
export function readAnswer<Told>(commandName: string, place: FailurePlace, read: () => Told): Told {
  try {
    return read()
  } catch (cause) {
    throw unreadableAnswer(commandName, place, cause)
  }
}

/** The error for an answer that cannot be read, where no function is to be made for each answer. */
export function unreadableAnswer(commandName: string, place: FailurePlace, cause: unknown): RocketMQError {
  const { topic, broker, queueId } = place
  const where = broker === undefined ? '' : ` of ${broker}`
  const message = `the answer${where} to ${commandName} cannot be read: ${(cause as Error).message}`
  return new RocketMQError('INVALID_ANSWER', message, { topic, broker, queueId, cause, outcome: 'unknown' })
}

export function invalidArgument(message: string, cause?: unknown): RocketMQError {
  return new RocketMQError('INVALID_ARGUMENT', message, { cause })
}

export function closedError(what: string): RocketMQError {
  return new RocketMQError('CLOSED', `the ${what} is closed`)
}
