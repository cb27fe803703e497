/** Text that is no JSON in any dialect the Java peers write, or that exceeds a limit. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
  /** Index, in UTF-16 units from 0, of the character that could not be read. */
  readonly position: number

  constructor(reason: string, position: number) {
    super(`${reason} at position ${position}`)
    this.position = position
  }
}
