/** A broken invariant: a defect of the program, never of its input. An owner of state stops changing it then. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/**
 * Stops on a broken invariant, in production too.
 * @throws InvariantError when `condition` is false
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** For a branch that is impossible by its types. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable value ${String(value)}`)
}
