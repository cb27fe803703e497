import { readFileSync } from 'node:fs'

/** What a process has used so far. */
export interface ProcessUsage {
  /** User and system time of all its threads. */
  cpuSeconds: number
  rssBytes: number
  anonymousBytes: number
}

/** Linux reports processor times in 1/100 s on all common platforms. */
const clockTicks = 100

/**
 * Reads `/proc/PID/stat` and `/proc/PID/status`.
 * @returns undefined where there is no such process, or no `/proc`
 */
export function readProcessUsage(pid: number): ProcessUsage | undefined {
  try {
    return parseProcessUsage(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** See proc(5): user and system time are fields 14 and 15 of stat, behind a name in parentheses that may hold anything. */
export function parseProcessUsage(stat: string, status: string): ProcessUsage {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const bytes = (name: string): number => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)
    return match === null ? 0 : Number(match[1]) * 1024
  }
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / clockTicks,
    rssBytes: bytes('VmRSS'),
    anonymousBytes: bytes('RssAnon'),
  }
}
