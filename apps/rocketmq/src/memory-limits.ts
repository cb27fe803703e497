import process from 'node:process'
import { setFlagsFromString } from 'node:v8'

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

/**
 * V8 would put objects of kinds that often outlive a collection at once among those that live long. A message is there
 * until its turn of the loop ends, which is just that: where V8 once decides so, for the rest of the process, every
 * object of a message waits for a collection of the whole heap. That takes a fifth of the rate, and doubles p99.
 */
const shortLivedFlag = '--no-allocation-site-pretenuring'

/**
 * Between two collections the heap may grow by half of what is in use. V8 would let it grow up to fourfold when it finds
 * collections quick, some minutes after the start, and what it once took it does not give back. Twice as much would make
 * sends a twentieth cheaper, and the peak of memory under clients that never read a third higher.
 */
const growthFlag = '--heap-growing-percent=50'

/** Limits of a thread that runs a broker. */
export const brokerThreadLimits = { maxYoungGenerationSizeMb: semiSpaceMb * halves } as const

/**
 * Keeps the memory of this process, which runs a broker, small and its collections of garbage short. It starts the process
 * anew with limits that hold from the start of a process only; it keeps its id, and what its user has set. Where that
 * cannot be done it goes on as it is, and takes more memory.
 */
export function limitMemory(): void {
  for (const flag of [shortLivedFlag, growthFlag]) setFlagsFromString(flag)
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? '']
  if (options.some((text) => text.includes(option) || text.includes(option.replaceAll('-', '_')))) return
  if (process.platform === 'win32' || typeof process.execve !== 'function') return
  const nodeOptions = [`${option}=${semiSpaceMb}`, ...process.execArgv]
  process.execve(process.execPath, [process.execPath, ...nodeOptions, ...process.argv.slice(1)], {
    ...allocatorVariables,
    ...process.env,
  })
}
