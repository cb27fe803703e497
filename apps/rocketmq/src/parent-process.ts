import fs from 'node:fs'
import type { CancelTimer, Clock } from '@rocketmq-ts/platform'

const lookIntervalMs = 500

/** The environment variable in which `bin/rocketmq.mjs` passes its process id to the Node that it starts. */
const launcherVariable = 'ROCKETMQ_LAUNCHER_PID'

/** The processes of the system. */
export interface ProcessTable {
  /** The process that started this one, or another one when that is gone. */
  readonly parentPid: number
  /** The parent of a process; undefined when there is no such process, or the system does not tell. */
  parentOf(pid: number): number | undefined
  /** The name of the program that a process runs. */
  nameOf(pid: number): string | undefined
}

export const systemProcesses: ProcessTable = {
  get parentPid() {
    return process.ppid
  },
  parentOf: (pid) => statisticsOf(pid)?.parentPid,
  nameOf: (pid) => statisticsOf(pid)?.name,
}

/** Reads `PID (NAME) STATE PARENT ...`, proc(5); undefined when there is no such file. */
function statisticsOf(pid: number): { name: string; parentPid: number } | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    const nameEnd = text.lastIndexOf(')') // A name may hold any letter.
    const [, parent] = text.slice(nameEnd + 2).split(' ')
    return { name: text.slice(text.indexOf('(') + 1, nameEnd), parentPid: Number(parent) }
  } catch {
    return undefined // Not Linux, or the process is gone.
  }
}

const shells = /^(ash|bash|busybox|dash|sh|zsh)$/

/**
 * The processes with which this one must end: the launcher, and, for `npx` and with `--stop-with-parent`, its parent.
 * npm starts a shell, which starts this process and lives on when npm is killed: so npm is watched too.
 *
 * @param variables environment variables
 * @returns a chain, each the parent of the one before; empty when this process depends on no other
 */
export function parentsToEndWith(
  variables: Readonly<Record<string, string | undefined>>,
  stopWithParent: boolean,
  processes: ProcessTable = systemProcesses,
): number[] {
  const launcher = Number(variables[launcherVariable])
  const hasLauncher = Number.isSafeInteger(launcher) && launcher > 0
  const parents = hasLauncher ? [launcher] : []
  if (!stopWithParent && variables.npm_command !== 'exec') return parents
  const parent = hasLauncher ? processes.parentOf(launcher) : processes.parentPid
  if (parent === undefined) return parents
  parents.push(parent)
  const isShellOfNpm = variables.npm_command !== undefined && shells.test(processes.nameOf(parent) ?? '')
  const npm = isShellOfNpm ? processes.parentOf(parent) : undefined
  return npm === undefined ? parents : [...parents, npm]
}

/**
 * Watches for the end of the processes that started this one. npm runs a script in a shell, and passes signals to that
 * shell only: a SIGTERM to `npm start`, as supervisors and containers send it, ends npm and the shell, and would leave
 * the server running. A killed launcher would too.
 */
export function watchParents(
  clock: Clock,
  parents: readonly number[],
  processes: ProcessTable = systemProcesses,
): { gone: Promise<void>; cancel: CancelTimer } {
  const gone = Promise.withResolvers<void>()
  const isGone = (pid: number, index: number) =>
    pid !== (index === 0 ? processes.parentPid : processes.parentOf(parents[index - 1]!))
  const cancel = clock.every(lookIntervalMs, () => {
    if (parents.some(isGone)) gone.resolve()
  })
  return { gone: gone.promise, cancel }
}
