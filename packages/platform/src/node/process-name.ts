import fs from 'node:fs'
import { bootId } from './boot-id.ts'

/**
 * Names a process so that no other one has the name, not even after its id was used again: process id, start time in
 * ticks since the boot, id of the boot (the fields of proc(5)). Where the system does not tell them, the id alone.
 */
export function nameOfThisProcess(): string {
  return nameOf(process.pid, statisticsOf(process.pid))
}

/** The process id in a name, or undefined when it is not the name of a process. */
export function pidOf(name: string): number | undefined {
  const match = /^([1-9][0-9]*)(?:\.[0-9]+\.[0-9a-f-]+)?$/.exec(name)
  return match === null ? undefined : Number(match[1])
}

/** Whether the process of that name runs. One that has ended but was not waited for (state Z) does not any more. */
export function isRunning(name: string): boolean {
  const pid = pidOf(name)
  if (pid === undefined) return false
  const statistics = statisticsOf(pid)
  if (/^[ZX]/.test(statistics?.[0] ?? '')) return false
  const current = nameOf(pid, statistics)
  // Without a start time on either side the id has to do.
  const isSame = name === current || name === String(pid) || current === String(pid)
  return isSame && hasProcess(pid)
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH' // Others' processes may not be signalled, but are there.
  }
}

function nameOf(pid: number, statistics: string[] | undefined): string {
  const startTicks = statistics?.[19]
  const boot = bootId()
  return startTicks === undefined || boot === '' ? String(pid) : `${pid}.${startTicks}.${boot}`
}

/** The fields of /proc/PID/stat behind the name, from the state on; undefined where there is no such file. */
function statisticsOf(pid: number): string[] | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined // Not Linux, or the process is gone.
  }
}
