import fs from 'node:fs'
import { dirname } from 'node:path'
import { type FolderLock, FolderLockedError } from '../file-system.ts'
import { isRunning, nameOfThisProcess, pidOf } from './process-name.ts'

/**
 * Node has no file locks. Each process that wants a folder puts down a mark there first, a file named after that very
 * process, and looks for the marks of others only then: of two that come at once, at least one sees the other. A mark
 * counts as long as its process runs, so a process can die at any point of this and leaves nothing behind that keeps
 * the next one out.
 *
 * @param lockFilePath marks are named like it, with a dot and the name of the process behind
 * @throws FolderLockedError when a running process holds the folder, or is about to
 */
export function lockFolderByMarks(lockFilePath: string): FolderLock {
  const own = `${lockFilePath}.${nameOfThisProcess()}`
  putDown(own, lockFilePath)
  try {
    waitUntilAlone(own, lockFilePath)
    fs.writeFileSync(own, held)
  } catch (error) {
    fs.rmSync(own, { force: true })
    throw error
  }
  return { release: () => fs.rmSync(own, { force: true }) }
}

/** What a mark says whose process has the folder. Before that a mark is empty. */
const held = 'held\n'

/** How long another process may take to see a mark. It takes as long only when the system stops it right there. */
const decidingMsMax = 1000

function putDown(own: string, lockFilePath: string): void {
  try {
    fs.closeSync(fs.openSync(own, 'wx'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new FolderLockedError(lockFilePath, process.pid)
  }
}

/** Of those that came at once and have not decided yet, the one whose name comes first stays and the others give way. */
function waitUntilAlone(own: string, lockFilePath: string): void {
  const startedMs = performance.now()
  for (;;) {
    const others = marksOfOthers(own, lockFilePath)
    if (others.length === 0) return
    const isLate = performance.now() - startedMs > decidingMsMax
    const winner = others.find((path) => isHeld(path) || path < own || isLate)
    if (winner !== undefined) throw new FolderLockedError(lockFilePath, pidOf(processOf(winner, lockFilePath)))
    pauseBriefly()
  }
}

/** Marks of running processes; those of processes that are gone are removed. */
function marksOfOthers(own: string, lockFilePath: string): string[] {
  const folder = dirname(lockFilePath)
  const paths = fs.readdirSync(folder).map((name) => `${folder}/${name}`)
  const running: string[] = []
  for (const path of paths) {
    if (path === own || !isMark(path, lockFilePath)) continue
    if (isRunning(processOf(path, lockFilePath))) running.push(path)
    else fs.rmSync(path, { force: true })
  }
  return running
}

function isMark(path: string, lockFilePath: string): boolean {
  return path.startsWith(`${lockFilePath}.`) && pidOf(processOf(path, lockFilePath)) !== undefined
}

/** The name of the process that put down a mark. */
function processOf(mark: string, lockFilePath: string): string {
  return mark.slice(lockFilePath.length + 1)
}

function isHeld(path: string): boolean {
  try {
    return fs.readFileSync(path, 'utf8') === held
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false // It gave way.
    throw error
  }
}

function pauseBriefly(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
}
