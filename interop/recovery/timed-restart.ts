import { readFileSync } from 'node:fs'
import { pollUntil } from '../targets/deadline.ts'
import { acceptsConnections, type ServerProcess } from '../targets/server-process.ts'

/** How a broker came back. */
export interface Recovery {
  /** From the start of its process until something listened on its port. */
  portMs: number
  /** And until it had accepted a message. */
  acceptedMs: number
  /** The part of the log that it read again, in bytes. */
  from: number
  end: number
  replayed: number
}

const intervalMs = 2

/**
 * Starts a broker that was killed.
 * @param tryToSend whether a message was accepted; asked again and again until then
 */
export async function timedRestart(
  broker: ServerProcess,
  tryToSend: () => Promise<true | { notYet: string }>,
): Promise<Recovery> {
  const startedAt = performance.now()
  const since = (): number => performance.now() - startedAt
  const timed = async (): Promise<{ portMs: number; acceptedMs: number }> => {
    const isOpen = async (): Promise<true | { notYet: string }> =>
      (await acceptsConnections(broker.address)) || { notYet: 'connection refused' }
    await pollUntil('an open port', isOpen, { intervalMs })
    const portMs = since()
    await pollUntil('an accepted message', tryToSend, { intervalMs })
    return { portMs, acceptedMs: since() }
  }
  const [times] = await Promise.all([timed(), broker.restart()])
  return { ...times, ...lastRecoveryLine(broker.logFile) }
}

/** What the broker's log says about its last recovery. @throws Error when it says nothing */
function lastRecoveryLine(logFile: string): { from: number; end: number; replayed: number } {
  const lines = readFileSync(logFile, 'utf8').matchAll(/the log was recovered from=(\d+) end=(\d+) replayed=(\d+)/g)
  const last = [...lines].at(-1)
  if (last === undefined) throw new Error(`${logFile} has no line about a recovery`)
  const [, from, end, replayed] = last
  return { from: Number(from), end: Number(end), replayed: Number(replayed) }
}
