import { UserError } from './user-error.ts'

/** Errors whose message is written for the user; they may come from another thread, where classes do not reach. */
const speakingErrors = new Set(['UserError', 'SettingsError', 'StoreLockedError'])

/** What the user reads about an error: the message when it speaks for itself, otherwise all that helps to find it. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (speakingErrors.has(error.name)) return error.message
  const cause = error.cause === undefined ? '' : `\ncaused by ${describeError(error.cause)}`
  return (error.stack ?? `${error.name}: ${error.message}`) + cause
}

const listenReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program',
  EACCES: 'may not be opened by this user',
  EADDRNOTAVAIL: 'cannot be opened: bindAddress is not an address of this machine',
}

/**
 * Explains why a port could not be opened; other errors are given back as they are.
 *
 * @param port the port that was asked for
 * @param advice how to choose another one
 */
export function explainListenError(error: unknown, port: number, advice: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  const reason = listenReasons[code ?? '']
  if (reason === undefined) return error
  return new UserError(`port ${port} ${reason}; ${advice}`, { cause: error })
}
