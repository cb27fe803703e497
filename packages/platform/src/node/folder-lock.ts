import fs from 'node:fs'
import os from 'node:os'
import { dirname } from 'node:path'
import { type FolderLock, FolderLockedError } from '../file-system.ts'
import { pidOfPosixLock, tryKernelLock } from './kernel-lock.ts'
import { isOfThisKernel, livenessOf, nameOfThisProcess, pidOf } from './process-name.ts'
import { SignsOfLife, signIntervalMs } from './signs-of-life.ts'

/** Called when another process has taken a folder that this one held. */
export type OnFolderLost = (lockFilePath: string) => void

/**
 * Takes a folder for this process, or this thread of it. The kernel decides among the processes that it knows; marks
 * decide among the rest: other machines whose kernels share no locks, systems without such locks, earlier versions.
 *
 * @param lockFilePath `lock` in the folder; the official broker locks the same file
 * @param onLost called when this process stood still for so long that a process of another machine, whose kernel
 *   shares no locks with this one, has taken the folder; the process is to end at once. By default it ends with an error
 * @throws FolderLockedError when another one holds the folder, or is about to
 */
export function lockFolder(lockFilePath: string, onLost: OnFolderLost = endWithError): FolderLock {
  const kernelLock = tryKernelLock(lockFilePath)
  if (kernelLock === 'taken') throw lockedError(lockFilePath)
  const kernelTells = kernelLock !== 'unknown'
  try {
    const marks = lockFolderByMarks(lockFilePath, { kernelTells, onLost })
    return {
      release() {
        marks.release()
        if (kernelTells) kernelLock.release()
      },
    }
  } catch (error) {
    if (kernelTells) kernelLock.release()
    throw error
  }
}

export interface MarkOptions {
  /** Whether this process has the kernel's lock: others of this kernel do not have it then. */
  kernelTells?: boolean
  onLost?: OnFolderLost
}

/**
 * Takes a folder by marks alone. Each process that wants a folder puts down a mark there first, a file named after that
 * very process, and looks for the marks of others only then: of two that come at once, at least one sees the other. A
 * mark counts as long as its process runs. Where that cannot be seen it counts as long as it changes, which the holder
 * sees to. A process can die at any point of this and leaves nothing behind that keeps the next one out for long.
 *
 * @param lockFilePath marks are named like it, with a dot and the name of the process behind
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
 * The mark of this process: `held` or `deciding`, whether it has the kernel's lock, its machine, and a number that
 * changes, a line each. A mark that was just put down is empty.
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

  /** Without holding up the loop. @param onMissing called when somebody removed the mark */
  renew(onMissing: () => void): void {
    fs.writeFile(this.path, this.#nextContent(), { flag: 'r+' }, (error) => {
      // A disk that fails is found by those who write messages; the next sign is tried again.
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

/** In the mark of a process that has the kernel's lock. */
const kernelHeld = 'kernel'

/** How long another process may take to decide. It takes as long only when the system stops it right there. */
const decidingMsMax = 1000

/** Of those that came at once and have not decided yet, the one whose name comes first stays and the others give way. */
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
    if (isWatching) own.say('deciding') // It may be watched as well.
    pause(isWatching ? 20 : 1)
  }
}

interface MarkContext {
  readonly lockFilePath: string
  readonly kernelTells: boolean
  readonly signs: SignsOfLife
  readonly nowMs: number
}

/** Whether the process of a mark runs; `alive` and `undecided` are by its signs. */
function markLiveness(path: string, context: MarkContext): 'running' | 'gone' | 'alive' | 'undecided' {
  const name = processOf(path, context.lockFilePath)
  const liveness = livenessOf(name)
  if (liveness !== 'unknown') return liveness
  const content = contentOf(path)
  if (content === undefined) return 'gone' // It gave way.
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

/** The name of the process that put down a mark. */
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
 * Says who has a folder.
 *
 * @param mark that of the holder, when it is known; otherwise it is looked for
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
