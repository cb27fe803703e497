import process from 'node:process'

/**
 * Megabytes of each half of a broker's heap for what lives shortly. V8 would take four times as much: the resident
 * memory of a busy broker grows by a third then, and it gets no faster.
 */
const semiSpaceMb = 16
const option = '--max-semi-space-size'
/** V8 counts three halves: two, and what is moved out of them meanwhile. */
const halves = 3

/** Limits of a thread that runs a broker. */
export const brokerThreadLimits = { maxYoungGenerationSizeMb: semiSpaceMb * halves } as const

/**
 * Starts this process anew with that limit, which holds for the main thread only from its start; the process keeps its
 * id. Where that cannot be done, or a limit is set already, it goes on as it is.
 */
export function limitYoungGeneration(): void {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? '']
  if (options.some((text) => text.includes(option) || text.includes(option.replaceAll('-', '_')))) return
  if (process.platform === 'win32' || typeof process.execve !== 'function') return
  const nodeOptions = [`${option}=${semiSpaceMb}`, ...process.execArgv]
  process.execve(process.execPath, [process.execPath, ...nodeOptions, ...process.argv.slice(1)], process.env)
}
