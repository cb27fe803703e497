import { readFileSync } from 'node:fs'

const mebibyte = 1024 * 1024

/**
 * What a broker or name server may take, whatever is done to it. Generous: idle it takes about a tenth; without bounds
 * each of the attacks would take gigabytes.
 */
export const residentBytesMax = 700 * mebibyte

/** Bytes of memory that a process holds now, and the most that it ever held. Linux only. */
export function residentBytes(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kibibytes = (name: string): number => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
    if (found === undefined) throw new Error(`/proc/${pid}/status has no ${name}`)
    return Number(found)
  }
  return { now: kibibytes('VmRSS') * 1024, peak: kibibytes('VmHWM') * 1024 }
}

const established = '01'

/** Connections that are open at a server's end, by the system's table. Linux only. */
export function establishedConnections(address: string): number {
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((table) => readFileSync(table, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, localAddress, , state]) => localAddress?.endsWith(local) && state === established).length
}
