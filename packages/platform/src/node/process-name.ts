import fs from 'node:fs'
import { bootId } from './boot-id.ts'

/**
 * A name that no other process has, not even a later one with the same id: process id, start time in ticks since the
 * boot, id of the boot, id of the process namespace (proc(5), pid_namespaces(7)). When the system does not tell them,
 * it is the process id alone.
 */
export function nameOfThisProcess(): string {
  const startTicks = statisticsOf('self')?.[19]
  const boot = bootId()
  const namespace = processNamespace()
  if (startTicks === undefined || boot === '') return String(process.pid)
  return [process.pid, startTicks, boot, ...(namespace === undefined ? [] : [namespace])].join('.')
}

interface NameParts {
  readonly pid: number
  readonly startTicks: string | undefined
  readonly boot: string | undefined
  readonly namespace: string | undefined
}

/** The parts of a name, or undefined when it is not the name of a process. */
function partsOf(name: string): NameParts | undefined {
  const match = /^([1-9][0-9]*)(?:\.([0-9]+)\.([0-9a-f-]+)(?:\.([0-9]+))?)?$/.exec(name)
  if (match === null) return undefined
  const [, pid, startTicks, boot, namespace] = match
  return { pid: Number(pid), startTicks, boot, namespace }
}

/** The process id in a name, or undefined when it is not the name of a process. */
export function pidOf(name: string): number | undefined {
  return partsOf(name)?.pid
}

/** Whether a process runs under the same kernel, since the same boot. */
export function isOfThisKernel(name: string): boolean {
  const boot = bootId()
  return boot !== '' && partsOf(name)?.boot === boot
}

/** `unknown`: the process belongs to another machine or namespace, which this process cannot look into. */
type Liveness = 'running' | 'gone' | 'unknown'

/** Whether the process of that name runs. A zombie (state Z) does not. */
export function livenessOf(name: string): Liveness {
  const parts = partsOf(name)
  if (parts === undefined) return 'gone'
  if (parts.boot === undefined || !isOfThisKernel(name) || !isInSight(parts)) return 'unknown'
  const statistics = statisticsOf(String(parts.pid))
  // Processes of other users may be hidden (hidepid of proc(5)).
  if (statistics === undefined) return hasProcess(parts.pid) ? 'unknown' : 'gone'
  return statistics[19] === parts.startTicks && !/^[ZX]/.test(statistics[0]!) ? 'running' : 'gone'
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH' // EPERM: the process exists and has another user.
  }
}

/** Whether /proc would show the process if it ran. A name without a namespace counts as one of this namespace. */
function isInSight({ namespace }: NameParts): boolean {
  const own = processNamespace()
  if (namespace !== undefined && namespace !== own) return false
  // A container may have mounted the /proc of another namespace, where ids belong to other processes.
  return linkOf('/proc/self') === String(process.pid)
}

function processNamespace(): string | undefined {
  return /^pid:\[(\d+)\]$/.exec(linkOf('/proc/self/ns/pid') ?? '')?.[1]
}

function linkOf(path: string): string | undefined {
  try {
    return fs.readlinkSync(path)
  } catch {
    return undefined // Not Linux.
  }
}

/** The fields of /proc/PID/stat behind the name, from the state on; undefined where there is no such file. */
function statisticsOf(pid: string): string[] | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined // Not Linux, or the process is gone.
  }
}
