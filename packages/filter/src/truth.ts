/** What a condition gives. A property that is missing makes most of them `unknown`. */
export const truth = {
  no: 0,
  yes: 1,
  unknown: 2,
  /** Values met that cannot be compared, such as the text `abc` and the number 5. All of the expression fails then. */
  failed: 3,
} as const

export type Truth = (typeof truth)[keyof typeof truth]

export function truthOf(isTrue: boolean): Truth {
  return isTrue ? truth.yes : truth.no
}
