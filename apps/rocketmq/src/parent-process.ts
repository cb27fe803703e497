import type { CancelTimer, Clock } from '@rocketmq-ts/platform'

const lookIntervalMs = 500

/** In this environment variable `bin/rocketmq.mjs` names itself when it starts another Node. */
const launcherVariable = 'ROCKETMQ_LAUNCHER_PID'

/** The process id of the launcher that started this process, or undefined when there is none. */
export function launcherPid(variables: Readonly<Record<string, string | undefined>>): number | undefined {
  const pid = Number(variables[launcherVariable])
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
}

/**
 * Watches for the end of the process that started this one. A script of npm runs in a shell, and npm passes signals on
 * to that shell alone: a SIGTERM to `npm start`, as supervisors and containers send it, ends npm and the shell, and
 * would leave the server behind. So would a launcher that was killed.
 *
 * @param startedBy the id of the process that started this one
 * @param parentPid the same as long as that process lives, then the id of another one
 */
export function watchParent(
  clock: Clock,
  startedBy: number,
  parentPid: () => number,
): { gone: Promise<void>; cancel: CancelTimer } {
  const gone = Promise.withResolvers<void>()
  const cancel = clock.every(lookIntervalMs, () => {
    if (parentPid() !== startedBy) gone.resolve()
  })
  return { gone: gone.promise, cancel }
}
