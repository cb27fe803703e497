import type { SendReceipt } from '../messages/message.ts'
import { RocketMQError } from '../rocketmq-error.ts'

/** What became of one of several messages. */
export type SendOutcome = { readonly receipt: SendReceipt } | { readonly error: RocketMQError }

/** Of several messages that were sent in one call, some were not stored. */
export class SendManyError extends RocketMQError {
  override readonly name = 'SendManyError'
  /** One for each message, in their order: where it was stored, or why it was not. */
  readonly outcomes: readonly SendOutcome[]

  constructor(outcomes: readonly SendOutcome[]) {
    const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []))
    const first = errors[0]!
    super(
      'PARTIAL_FAILURE',
      `${errors.length} of ${outcomes.length} messages were not stored, the first: ${first.message}`,
      {
        cause: first,
        retryable: errors.every(({ retryable }) => retryable),
        outcome: errors.some(({ outcome }) => outcome === 'unknown') ? 'unknown' : 'refused',
      },
    )
    this.outcomes = outcomes
    this.attempts = Math.max(...errors.map(({ attempts }) => attempts))
  }
}

/** The receipts. @throws SendManyError unless there is one for each message */
export function receiptsOf(outcomes: readonly SendOutcome[]): SendReceipt[] {
  const receipts: SendReceipt[] = []
  for (const outcome of outcomes) {
    if ('error' in outcome) throw new SendManyError(outcomes)
    receipts.push(outcome.receipt)
  }
  return receipts
}
