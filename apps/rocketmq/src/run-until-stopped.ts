import { setTimeout as delay } from 'node:timers/promises'
import { isatty } from 'node:tty'
import type { Clock, Log } from '@rocketmq-ts/platform'
import { describeError } from './describe-error.ts'
import { parentsToEndWith, watchParents } from './parent-process.ts'
import { stopRequested } from './stop-signals.ts'

/** A service that is ready. */
export interface RunningService {
  /** Printed to stdout. */
  readyMessage: string
  /** Resolves when the service cannot go on. */
  failed: Promise<Error>
  close(): Promise<void>
}

export interface RunOptions {
  log: Log
  clock: Clock
  /** Whether the end of the process that started this one counts as a signal; the default is no. */
  stopWithParent?: boolean
}

const closeDeadlineMs = 60_000

/**
 * A process started by `nohup` must ignore the hang-up of its terminal. Node resets the signal handling that `nohup`
 * has set; the remaining sign is that standard input is not a terminal.
 */
function hangUpIsIgnored(): boolean {
  return !isatty(0)
}

/**
 * Starts a service, prints that it is ready, and runs it until a signal or a failure ends it.
 *
 * @param start when it rejects, it has closed everything it opened
 * @returns the exit code of the process
 * @throws what `start` throws
 */
export async function runUntilStopped(
  start: () => Promise<RunningService>,
  { log, clock, stopWithParent = false }: RunOptions,
): Promise<number> {
  const parents = parentsToEndWith(process.env, stopWithParent)
  const parent = parents.length === 0 ? undefined : watchParents(clock, parents)
  const requested = stopRequested({
    signals: process,
    onIgnoredHangUp: hangUpIsIgnored() ? () => parent?.cancel() : undefined,
    monotonic: () => clock.monotonic(),
    onSecondRequest() {
      process.stderr.write('Ended at once: the next start will run a recovery of what was not closed.\n')
      process.exit(1)
    },
  })
  const stops = [requested.then((signal) => log.info({ signal }, 'stopping; a second Ctrl-C ends at once'))]
  if (parent !== undefined) {
    stops.push(parent.gone.then(() => log.info({}, 'stopping, since the process that started this one has ended')))
  }
  const stopping = Promise.race(stops)
  try {
    const service = await start()
    const asked = await Promise.race([stopping, 'none' as const])
    if (asked === 'none') process.stdout.write(service.readyMessage)
    const failure = await Promise.race([stopping, service.failed])
    if (failure instanceof Error) log.error({}, describeError(failure))
    const closed = await closeInTime(service, log)
    return closed && !(failure instanceof Error) ? 0 : 1
  } finally {
    parent?.cancel()
  }
}

async function closeInTime(service: RunningService, log: Log): Promise<boolean> {
  const deadline = new AbortController()
  const late = delay(closeDeadlineMs, 'late' as const, { signal: deadline.signal }).catch(() => 'closed' as const)
  try {
    const outcome = await Promise.race([service.close().then(() => 'closed' as const), late])
    if (outcome === 'closed') log.info({}, 'stopped')
    else log.error({ seconds: closeDeadlineMs / 1000 }, 'closing took too long; the next start will run a recovery')
    return outcome === 'closed'
  } catch (error) {
    log.error({}, `closing failed, so the next start will run a recovery: ${describeError(error)}`)
    return false
  } finally {
    deadline.abort()
  }
}
