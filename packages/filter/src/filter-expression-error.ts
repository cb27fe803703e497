/** An expression that cannot be used: what is wrong, and where. */
export class FilterExpressionError extends Error {
  override readonly name = 'FilterExpressionError'
  /** Of the character, from 1. */
  readonly position: number

  /** @param index of the character, from 0 */
  constructor(reason: string, index: number) {
    super(`${reason} (at character ${index + 1})`)
    this.position = index + 1
  }
}
