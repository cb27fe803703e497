import type { DecodedMessage } from '@rocketmq-ts/protocol'
import { checkCountOf, timeOfHalf } from './half-message.ts'
import { movedAfterMs } from './half-slots.ts'

export interface CheckRules {
  transactionTimeOut: number
  transactionCheckMax: number
  /** Hours that the log keeps messages. */
  fileReservedTime: number
}

/** What is done about an open half: nothing yet, store it anew since it is old, ask its producers, or give it up. */
export type CheckDecision =
  | { kind: 'wait' }
  | { kind: 'move' }
  | { kind: 'ask'; checkCount: number }
  | { kind: 'give-up'; reason: string }

const hourMs = 3_600_000

/** Decides about an open half, in the order of the official broker. */
export function checkDecision(half: DecodedMessage, rules: CheckRules, nowMs: number): CheckDecision {
  const ageMs = nowMs - half.bornTimestamp
  const checkCount = checkCountOf(half)
  if (checkCount >= rules.transactionCheckMax) {
    return { kind: 'give-up', reason: `its producers were asked ${checkCount} times (transactionCheckMax)` }
  }
  if (ageMs > rules.fileReservedTime * hourMs) {
    return { kind: 'give-up', reason: `it is older than messages are kept (fileReservedTime)` }
  }
  const { ownImmunityMs } = timeOfHalf(half)
  if (ownImmunityMs === undefined) {
    // One from the future has a clock that cannot be gone by.
    return ageMs >= 0 && ageMs < rules.transactionTimeOut
      ? { kind: 'wait' }
      : { kind: 'ask', checkCount: checkCount + 1 }
  }
  if (ageMs >= ownImmunityMs) return { kind: 'ask', checkCount: checkCount + 1 }
  return nowMs - half.storeTimestamp < movedAfterMs ? { kind: 'wait' } : { kind: 'move' }
}
