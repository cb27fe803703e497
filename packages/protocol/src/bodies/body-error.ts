/** Bytes that are no body of the expected kind, or a value that cannot be written as one. Names the field. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
  /** What is wrong, without the place. */
  readonly reason: string
  /** Fields, table keys and list indexes from the outermost inwards; empty when the body as a whole is wrong. */
  readonly path: readonly (string | number)[]
  /** The name of the body, once it is known. */
  readonly body: string | undefined

  constructor(
    reason: string,
    place: { readonly path?: readonly (string | number)[]; readonly body?: string; readonly cause?: unknown } = {},
  ) {
    const path = place.path ?? []
    const field = path.length === 0 ? '' : `${pathText(path)} `
    super(`${place.body === undefined ? '' : `${place.body}: `}${field}${reason}`, { cause: place.cause })
    this.reason = reason
    this.path = path
    this.body = place.body
  }

  /** The same error, seen from one level further out. */
  within(key: string | number): BodyError {
    return new BodyError(this.reason, { path: [key, ...this.path], cause: this.cause })
  }

  /** The same error, naming the body it occurred in. */
  inBody(body: string): BodyError {
    return new BodyError(this.reason, { path: this.path, body, cause: this.cause })
  }
}

function pathText(path: readonly (string | number)[]): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('')
}
