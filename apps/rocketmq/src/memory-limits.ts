import process from 'node:process'

/**
 * Megabytes of each half of a broker's heap for what lives shortly. V8 would take four times as much: the resident
 * memory of a busy broker grows by a third then, and it gets no faster.
 */
const semiSpaceMb = 16
const option = '--max-semi-space-size'
/** V8 counts three halves: two, and what is moved out of them meanwhile. */
const halves = 3

/**
 * How glibc gives memory back: blocks of files and of the log that are given up go to the system at once, instead of
 * leaving holes in a heap that grows from minute to minute. Other C libraries know nothing of this.
 */
const allocatorVariables = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: String(128 * 1024) }

/** Limits of a thread that runs a broker. */
export const brokerThreadLimits = { maxYoungGenerationSizeMb: semiSpaceMb * halves } as const

/**
 * Starts this process anew with limits that hold from the start of a process only; it keeps its id, and what its user
 * has set. Where that cannot be done it goes on as it is, and takes more memory.
 */
export function limitMemory(): void {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? '']
  if (options.some((text) => text.includes(option) || text.includes(option.replaceAll('-', '_')))) return
  if (process.platform === 'win32' || typeof process.execve !== 'function') return
  const nodeOptions = [`${option}=${semiSpaceMb}`, ...process.execArgv]
  process.execve(process.execPath, [process.execPath, ...nodeOptions, ...process.argv.slice(1)], {
    ...allocatorVariables,
    ...process.env,
  })
}
