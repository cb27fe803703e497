import { list, long, oneOf, optional, record, type ShapeValue, withDefault } from './shape/index.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Delays of the customized policy by default, in milliseconds. */
export const DEFAULT_RETRY_DELAYS_MS: readonly number[] = [
  SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30].map((minutes) => minutes * MINUTE),
  HOUR,
  2 * HOUR,
]

const exponentialRetryPolicyShape = record({
  /** Milliseconds. */
  initial: withDefault(long, () => 5 * SECOND),
  /** Milliseconds. */
  max: withDefault(long, () => 2 * HOUR),
  multiplier: withDefault(long, () => 2),
})

const customizedRetryPolicyShape = record({
  /** Milliseconds before each retry. */
  next: withDefault(list(long), () => [...DEFAULT_RETRY_DELAYS_MS]),
})

export const groupRetryPolicyShape = record({
  type: withDefault(oneOf('EXPONENTIAL', 'CUSTOMIZED'), () => 'CUSTOMIZED' as const),
  exponentialRetryPolicy: optional(exponentialRetryPolicyShape),
  customizedRetryPolicy: optional(customizedRetryPolicyShape),
})

/** When a group's failed messages are delivered again; a policy that is not spelled out has its defaults. */
export type GroupRetryPolicy = ShapeValue<typeof groupRetryPolicyShape>
