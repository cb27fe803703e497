/** What was typed, or set, cannot be used. The message says what is allowed; the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What was asked for did not work out, or is not so. Only the message is shown; the exit code is 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
