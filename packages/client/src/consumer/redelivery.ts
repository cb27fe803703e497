import type { ReceivedMessage } from '../messages/received-message.ts'
import { invalidArgument } from '../rocketmq-error.ts'

/** Thrown by a handler: the message is to be delivered again after a time. */
export class RetryAfter extends Error {
  override readonly name = 'RetryAfter'
  readonly delayMs: number

  /**
   * @param delayMs milliseconds; where brokers keep the time, it is rounded up to the next of their delay levels, of which the longest
   *   is 2 hours; by POP it is 1 s at least, and 3 days at most
   * @throws RocketMQError INVALID_ARGUMENT
   */
  constructor(delayMs: number, message = `deliver it again after ${delayMs} ms`, options?: ErrorOptions) {
    super(message, options)
    checkDelay(delayMs)
    this.delayMs = delayMs
  }
}

/** Thrown by a handler: the message is not to be delivered again. It goes to the group's dead letters. */
export class DeadLetter extends Error {
  override readonly name = 'DeadLetter'
}

/** What becomes of a message whose handler failed. */
export type Redelivery =
  | { readonly kind: 'retry'; readonly delayMs?: number | undefined }
  | { readonly kind: 'deadLetter' }
  /** As if it had been handled. */
  | { readonly kind: 'skip' }

/** Decides by the error of a handler; undefined leaves it to what the error says. */
export type RetryPolicy = (error: unknown, message: ReceivedMessage<unknown>) => Redelivery | undefined

/** What is done with a message whose body cannot be decoded. */
export type UndecodablePolicy = 'deadLetter' | 'skip' | 'retry'

export const redeliveryKinds: readonly unknown[] = ['retry', 'deadLetter', 'skip'] satisfies Redelivery['kind'][]

/** @throws RocketMQError INVALID_ARGUMENT when deliveries at the most are no whole number, nor without end */
export function checkAttempts(attemptsMax: number | undefined): void {
  const isWhole = Number.isInteger(attemptsMax) || attemptsMax === Number.POSITIVE_INFINITY
  if (attemptsMax === undefined || (isWhole && attemptsMax >= 1)) return
  throw invalidArgument(`attemptsMax is ${attemptsMax}: give a whole number, at least 1`)
}

/** @throws RocketMQError INVALID_ARGUMENT when the policy decides what cannot be done; and what the policy throws */
export function redeliveryOf(error: unknown, message: ReceivedMessage<unknown>, policy?: RetryPolicy): Redelivery {
  const decided = policy?.(error, message)
  if (decided !== undefined) return checkedRedelivery(decided)
  if (error instanceof DeadLetter) return { kind: 'deadLetter' }
  if (error instanceof RetryAfter) return { kind: 'retry', delayMs: error.delayMs }
  return { kind: 'retry' }
}

/** What is none of them would make a message a dead letter, such as the promise of a policy that does not decide at once. */
function checkedRedelivery(decided: Redelivery): Redelivery {
  if (!redeliveryKinds.includes(decided.kind)) {
    throw invalidArgument(`onError returned the kind ${decided.kind}: use retry, deadLetter or skip`)
  }
  if (decided.kind === 'retry') checkDelay(decided.delayMs)
  return decided
}

/** A delay that is no number would become the longest one. */
function checkDelay(delayMs: number | undefined): void {
  if (delayMs === undefined || (typeof delayMs === 'number' && delayMs >= 0)) return
  throw invalidArgument(`delayMs is ${delayMs}: give milliseconds, 0 or more`)
}

/** Milliseconds of the delay levels 1, 2, 3 ... that brokers have unless their settings say otherwise. */
const levelsMs = [1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200].map(
  (seconds) => seconds * 1000,
)

/** The level for a delay, rounded up; 0 leaves it to the broker, which waits longer with each attempt. */
export function delayLevelOf(delayMs: number | undefined): number {
  if (delayMs === undefined) return 0
  const index = levelsMs.findIndex((levelMs) => levelMs >= delayMs)
  return index < 0 ? levelsMs.length : index + 1
}

/** A negative level sends a message to the dead letters. */
export const deadLetterLevel = -1

/** Milliseconds before a message is handled again in its place; doubled with each failure. */
const againMs = 1000
const againMsMax = 30_000

/** When a message is handled again that others wait for, in milliseconds. @param attempt the one that failed */
export function againAfterMs(attempt: number): number {
  return Math.min(againMsMax, againMs * 2 ** Math.min(attempt - 1, 10))
}
