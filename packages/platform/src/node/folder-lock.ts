import fs from 'node:fs'
import os from 'node:os'
import { dirname } from 'node:path'
import { type FolderLock, FolderLockedError } from '../file-system.ts'
import { type KernelLock, pidOfPosixLock, tryKernelLock } from './kernel-lock.ts'
import { isOfThisKernel, livenessOf, nameOfThisProcess, pidOf } from './process-name.ts'
import { SignsOfLife, signIntervalMs } from './signs-of-life.ts'

/** Called when another process has taken a folder that this one held. */
export type OnFolderLost = (lockFilePath: string) => void

/**
 * Locks a folder for this process, or this thread of it. The kernel decides among the processes that it knows. Marks
 * decide among the others: on machines whose kernels share no locks, systems without such locks, and earlier versions.
 *
 * @param lockFilePath `lock` in the folder; the official broker locks the same file
 * @param onLost called when this process stood still for so long that a process of another machine, whose kernel
 *   shares no locks with this one, took the folder: end the process at once. By default it ends with an error
 * @throws FolderLockedError when another one holds the folder, or is about to
 */
export function lockFolder(lockFilePath: string, onLost: OnFolderLost = endWithError): FolderLock {
  const answer = tryKernelLock(lockFilePath)
  if (answer === 'taken') throw lockedError(lockFilePath)
  return lockFolderWith(lockFilePath, answer, onLost)
}

/** @param answer of the kernel, which has not refused the lock; see `lockFolder` for the rest */
export function lockFolderWith(
  lockFilePath: string,
  answer: KernelLock | 'no locks' | 'no binary',
  onLost: OnFolderLost = endWithError,
): FolderLock {
  const kernelLock = typeof answer === 'string' ? undefined : answer
  try {
    const marks = lockFolderByMarks(lockFilePath, { kernelTells: kernelLock !== undefined, onLost })
    return {
      weakness: answer === 'no binary' ? withoutBinary : undefined,
      release() {
        marks.release()
        kernelLock?.release()
      },
    }
  } catch (error) {
    kernelLock?.release()
    throw error
  }
}

const withoutBinary =
  `fs-native-extensions cannot be loaded (${process.platform}-${process.arch}), so the kernel cannot be asked who uses ` +
  'this folder: an official broker that uses it is not noticed, and a broker of another container takes it when this ' +
  'process stands still for 2.5 s. Install the dependencies again (npm ci); there are binaries for Linux with glibc, ' +
  'macOS and Windows, on x64 and arm64. Until then let nobody else use the folder'

export interface MarkOptions {
  /** Whether this process has the kernel's lock: then no other process of this kernel has it. */
  kernelTells?: boolean
  onLost?: OnFolderLost
}

/**
 * Locks a folder by marks alone. A process that wants the folder first makes a mark there, a file named after that very
 * process, and only then looks for the marks of others: of two that come at once, at least one sees the other. A mark
 * counts as long as its process runs. When nobody here can see that process, the mark counts as long as its content
 * changes, which the holder sees to. A process can die at any point, and keeps the next one out for a short time only.
 *
 * @param lockFilePath marks are named like it, followed by a dot and the name of the process
 * @throws FolderLockedError when a running process holds the folder, or is about to
 */
export function lockFolderByMarks(lockFilePath: string, options: MarkOptions = {}): FolderLock {
  const { kernelTells = false, onLost = endWithError } = options
  const mark = new OwnMark(lockFilePath, kernelTells)
  try {
    waitUntilAlone(mark, lockFilePath, kernelTells)
    mark.say('held')
  } catch (error) {
    mark.remove()
    throw error
  }
  const renewing = setInterval(() => mark.renew(() => onLost(lockFilePath)), signIntervalMs).unref()
  return {
    release() {
      clearInterval(renewing)
      mark.remove()
    },
  }
}

function endWithError(lockFilePath: string): void {
  throw new Error(`${lockFilePath} was taken by another process, since this one stood still for too long`)
}

/**
 * The mark of this process. Its lines are: `held` or `deciding`, `kernel` or `marks` (whether it has the kernel's
 * lock), its machine, and a number that changes. A new mark is empty.
 */
class OwnMark {
  readonly path: string
  readonly #facts: string
  #state = 'deciding'
  #signs = 0
  #isRemoved = false

  /** @param kernelTells whether a mark of the same name can only be a leftover */
  constructor(lockFilePath: string, kernelTells: boolean) {
    this.path = `${lockFilePath}.${nameOfThisProcess()}`
    this.#facts = `${kernelTells ? kernelHeld : 'marks'}\n${os.hostname()}`
    try {
      fs.closeSync(fs.openSync(this.path, kernelTells ? 'w' : 'wx'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      throw new FolderLockedError(lockFilePath, process.pid)
    }
  }

  say(state: 'deciding' | 'held'): void {
    this.#state = state
    fs.writeFileSync(this.path, this.#nextContent())
  }

  /** Does not block the loop. @param onMissing called when somebody removed the mark */
  renew(onMissing: () => void): void {
    fs.writeFile(this.path, this.#nextContent(), { flag: 'r+' }, (error) => {
      // Other errors of the disk show where messages are written; the next renewal tries again.
      if (error?.code === 'ENOENT' && !this.#isRemoved) onMissing()
    })
  }

  remove(): void {
    this.#isRemoved = true
    fs.rmSync(this.path, { force: true })
  }

  #nextContent(): string {
    this.#signs++
    return `${this.#state}\n${this.#facts}\n${String(this.#signs).padStart(12, '0')}\n`
  }
}

/** Stands in the mark of a process that has the kernel's lock. */
const kernelHeld = 'kernel'

/** How long another process may take to decide. Only one that the system stops right there takes that long. */
const decidingMsMax = 1000

/** Of processes that came at once and are undecided, the one whose name sorts first stays; the others give way. */
function waitUntilAlone(own: OwnMark, lockFilePath: string, kernelTells: boolean): void {
  const signs = new SignsOfLife()
  const aliveSinceMs = new Map<string, number>()
  for (;;) {
    const nowMs = performance.now()
    let isWaiting = false
    let isWatching = false
    for (const path of marksOfOthers(own.path, lockFilePath)) {
      const liveness = markLiveness(path, { lockFilePath, kernelTells, signs, nowMs })
      if (liveness === 'gone') {
        fs.rmSync(path, { force: true })
        continue
      }
      isWaiting = true
      if (liveness !== 'running') isWatching = true
      if (liveness === 'undecided') continue
      const sinceMs = aliveSinceMs.get(path) ?? nowMs
      aliveSinceMs.set(path, sinceMs)
      if (isHeld(path) || path < own.path || nowMs - sinceMs > decidingMsMax) throw lockedError(lockFilePath, path)
    }
    if (!isWaiting) return
    if (isWatching) own.say('deciding') // Others may be watching this mark too.
    pause(isWatching ? 20 : 1)
  }
}

interface MarkContext {
  readonly lockFilePath: string
  readonly kernelTells: boolean
  readonly signs: SignsOfLife
  readonly nowMs: number
}

/** Whether the process of a mark runs; `alive` and `undecided` are told from changes of the mark. */
function markLiveness(path: string, context: MarkContext): 'running' | 'gone' | 'alive' | 'undecided' {
  const name = processOf(path, context.lockFilePath)
  const liveness = livenessOf(name)
  if (liveness !== 'unknown') return liveness
  const content = contentOf(path)
  if (content === undefined) return 'gone' // That process gave way.
  if (context.kernelTells && isOfThisKernel(name) && content.split('\n')[1] === kernelHeld) return 'gone'
  const sign = context.signs.look(path, content, context.nowMs)
  return sign === 'silent' ? 'gone' : sign
}

function marksOfOthers(own: string, lockFilePath: string): string[] {
  const folder = dirname(lockFilePath)
  return fs
    .readdirSync(folder)
    .map((name) => `${folder}/${name}`)
    .filter((path) => path !== own && isMark(path, lockFilePath))
}

function isMark(path: string, lockFilePath: string): boolean {
  return path.startsWith(`${lockFilePath}.`) && pidOf(processOf(path, lockFilePath)) !== undefined
}

/** The name of the process that made a mark. */
function processOf(mark: string, lockFilePath: string): string {
  return mark.slice(lockFilePath.length + 1)
}

function isHeld(path: string): boolean {
  return contentOf(path)?.split('\n')[0] === 'held'
}

/** undefined when the mark is gone. */
function contentOf(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The error that names the holder of a folder.
 *
 * @param mark of the holder; looked for when it is unknown
 */
function lockedError(lockFilePath: string, mark?: string): FolderLockedError {
  const marks = mark === undefined ? marksOfOthers('', lockFilePath).filter(isHeld) : [mark]
  const pidIn = (path: string) => pidOf(processOf(path, lockFilePath))
  const running = marks.find((path) => livenessOf(processOf(path, lockFilePath)) === 'running')
  if (running !== undefined) return new FolderLockedError(lockFilePath, pidIn(running))
  const official = pidOfPosixLock(lockFilePath)
  if (official !== undefined) return new FolderLockedError(lockFilePath, official)
  const distant = marks.find((path) => livenessOf(processOf(path, lockFilePath)) === 'unknown')
  if (distant === undefined) return new FolderLockedError(lockFilePath, undefined)
  const machine = contentOf(distant)?.split('\n')[2] || 'unknown'
  const holder = `process ${pidIn(distant)} of another container or machine, host name ${machine}`
  return new FolderLockedError(lockFilePath, undefined, holder)
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
