/**
 * What an expression may be. The official broker has no limit but its stack: expressions that people write are far below
 * these.
 */
export const filterLimits = {
  /** UTF-16 units. */
  lengthMax: 16_384,
  /** Parentheses, signs, NOTs and results of comparisons that are compared again, one in another. */
  depthMax: 100,
} as const
