import type { CancelTimer, Clock } from '@rocketmq-ts/platform'

const lookIntervalMs = 500

/**
 * Watches for the end of the process that started this one. A script of npm runs in a shell, and npm passes signals on
 * to that shell alone: a SIGTERM to `npm start`, as supervisors and containers send it, ends npm and the shell, and
 * would leave the server behind.
 * @param parentPid the id of the process that started this one; that of another process when it is gone
 */
export function watchParent(clock: Clock, parentPid: () => number): { gone: Promise<void>; cancel: CancelTimer } {
  const gone = Promise.withResolvers<void>()
  const startedBy = parentPid()
  const cancel = clock.every(lookIntervalMs, () => {
    if (parentPid() !== startedBy) gone.resolve()
  })
  return { gone: gone.promise, cancel }
}
