import { availableParallelism } from 'node:os'
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'

/**
 * Megabytes of each semi-space of a broker's heap, which holds new objects. With V8's default, four times as much, the
 * resident memory of a busy broker grows by a third, and the broker gets no faster.
 */
const semiSpaceMb = 16
const option = '--max-semi-space-size'
/** V8 counts three semi-spaces: two, and one for the objects that are moved out of them. */
const halves = 3

/**
 * Makes glibc return freed blocks of files and of the log to the system at once, instead of leaving holes in a heap
 * that grows from minute to minute. Other C libraries ignore these variables.
 */
const allocatorVariables = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: String(128 * 1024) }

/**
 * V8 allocates objects of kinds that often survive a collection in the old generation at once (pretenuring). Objects of
 * a message live until their turn of the loop ends, which looks just like that. Once V8 decides so, it is for the rest
 * of the process: every object of a message waits for a collection of the whole heap, the rate falls by a fifth, and
 * p99 doubles.
 */
const shortLivedFlag = '--no-allocation-site-pretenuring'

/**
 * The heap may grow by half of what is in use between two collections. Without this flag V8 lets it grow up to fourfold
 * once it finds collections quick, some minutes after the start, and does not give the memory back. A limit twice as
 * high would make sends a twentieth cheaper, and peak memory under clients that never read a third higher.
 */
const growthFlag = '--heap-growing-percent=50'

/**
 * Short collections run on one thread where there are two processors at most. V8 would share them with a second thread,
 * and wait for it while clients and other brokers have that processor: p99 of consumers that wait for messages is a
 * sixth lower without it, and sends are no dearer.
 */
const oneThreadFlag = '--no-parallel-scavenge'
const processorsForOneThread = 2

/** Limits of a thread that runs a broker. */
export const brokerThreadLimits = { maxYoungGenerationSizeMb: semiSpaceMb * halves } as const

/**
 * Keeps the memory of a broker's process small, and its garbage collections short. Some limits only take effect at the
 * start of a process, so this replaces the process by a new one (execve), which has the same process id and keeps
 * options that the user has set. Where that is not possible, the process goes on, and takes more memory.
 */
export function limitMemory(): void {
  setFlags()
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? '']
  if (options.some((text) => text.includes(option) || text.includes(option.replaceAll('-', '_')))) return
  startAnew([`${option}=${semiSpaceMb}`, ...process.execArgv, ...process.argv.slice(1)])
}

/**
 * Like `limitMemory` for the single executable: its options of Node are those that it was built with, and only the
 * variables of the allocator are left to be set.
 */
export function limitMemoryOfExecutable(): void {
  setFlags()
  const isDone = Object.keys(allocatorVariables).every((name) => process.env[name] !== undefined)
  if (!isDone) startAnew(process.argv.slice(2))
}

function setFlags(): void {
  for (const flag of [shortLivedFlag, growthFlag]) setFlagsFromString(flag)
  if (availableParallelism() <= processorsForOneThread) setFlagsFromString(oneThreadFlag)
}

/** Goes on only where that is not possible. */
function startAnew(args: readonly string[]): void {
  if (process.platform === 'win32' || typeof process.execve !== 'function') return
  process.execve(process.execPath, [process.execPath, ...args], { ...allocatorVariables, ...process.env })
}
