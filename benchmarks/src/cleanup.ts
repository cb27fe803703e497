import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
// Its handler for the exit kills the servers, and has to be registered before ours, which removes their folders.
import '../../interop/targets/server-process.ts'
import { cacheFolder } from './paths.ts'

const killed = new Set<() => void>()
const folders = new Set<string>()
const exitCodes = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const

process.on('exit', () => {
  for (const kill of killed) kill()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})

/** Ctrl-C and its kind end the process in order, so that everything it started is ended with it. */
export function exitOnSignals(): void {
  for (const [signal, code] of exitCodes) process.on(signal, () => process.exit(code))
}

/** Calls the function when this process ends before it is taken back, whatever ends it. */
export function whenWeEnd(kill: () => void): { takeBack(): void } {
  killed.add(kill)
  return { takeBack: () => killed.delete(kill) }
}

/**
 * A new folder for one run's stores, settings and logs, removed when the process ends. It is on the disk of the clone,
 * because the system's temporary folder may be memory, where syncing a file costs nothing.
 */
export function makeRunFolder(): string {
  const runs = join(cacheFolder, 'runs')
  mkdirSync(runs, { recursive: true })
  const folder = mkdtempSync(join(runs, 'run-'))
  folders.add(folder)
  return folder
}
