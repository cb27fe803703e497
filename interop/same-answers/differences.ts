import type { Difference } from './case.ts'

/** Differences that many cases have in common. */

/** The official decoder takes other things for numbers too, and what it makes of them is chance. */
export function noDecimalInteger(official: Difference['official']): Difference {
  return { reason: 'a number of a header is a decimal integer', official, ours: 'no answer' }
}

/**
 * A field of a request that is missing or malformed: the official server fails on it with an exception, code 1, which
 * tells clients to try again. This holds for every case.
 */
export const malformedIsTold: Difference = {
  reason: 'a request that can never succeed is told so, with the name of the field',
  official: { code: 1, hasRemark: true },
  ours: { code: 29, hasRemark: true },
}

/** A pull whose own expression is wrong, or of an unknown type. */
export const wrongExpressionIsRefused: Difference = {
  reason: 'the official broker gives all messages to a pull whose expression it cannot use',
  official: { code: 0 },
  ours: { code: 23, hasRemark: true },
}
