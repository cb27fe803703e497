import fs from 'node:fs'
import { type FolderLock, FolderLockedError } from '../file-system.ts'

/**
 * Lock file: the holder's process id, then a line that names that very process (boot id and start time where the
 * system tells them), so that a process id that was used again does not count as the holder. Node has no file locks.
 */
export function lockFolderByFile(lockFilePath: string): FolderLock {
  const claimPath = `${lockFilePath}.claim`
  claim(claimPath, lockFilePath)
  try {
    const holder = readHolder(lockFilePath)
    if (holder !== undefined && isRunning(holder)) throw new FolderLockedError(lockFilePath, holder.pid)
    fs.writeFileSync(lockFilePath, `${process.pid}\n${processIdentity(process.pid)}\n`)
  } finally {
    fs.rmdirSync(claimPath)
  }
  return { release: () => fs.rmSync(lockFilePath, { force: true }) }
}

const claimAgeMsMax = 10_000

/** Making a folder is atomic: only one process at a time looks at the lock file and takes it. */
function claim(claimPath: string, lockFilePath: string): void {
  const status = fs.statSync(claimPath, { throwIfNoEntry: false })
  if (status !== undefined && Date.now() - status.mtimeMs > claimAgeMsMax) fs.rmdirSync(claimPath)
  try {
    fs.mkdirSync(claimPath)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new FolderLockedError(lockFilePath, readHolder(lockFilePath)?.pid)
  }
}

interface Holder {
  pid: number
  identity: string | undefined
}

function readHolder(lockFilePath: string): Holder | undefined {
  if (!fs.existsSync(lockFilePath)) return undefined
  const [first, second] = fs.readFileSync(lockFilePath, 'utf8').split('\n')
  const pid = Number(first)
  return Number.isInteger(pid) && pid > 0 ? { pid, identity: second || undefined } : undefined
}

function isRunning(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  if (hasEnded(holder.pid)) return false
  const identity = processIdentity(holder.pid)
  return holder.identity === undefined || identity === '' || identity === holder.identity
}

/** A process that has ended keeps its id until its parent asks for it (state Z): it holds nothing any more. */
function hasEnded(pid: number): boolean {
  const statistics = processStatistics(pid)
  return statistics !== undefined && /^[ZX]/.test(statistics[0] ?? '')
}

/** The fields of /proc/PID/stat behind the name, from the state on; undefined where there is no such file. */
function processStatistics(pid: number): string[] | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined // Not Linux, or the process is gone.
  }
}

function processIdentity(pid: number): string {
  const startTicks = processStatistics(pid)?.[19]
  const bootIdPath = '/proc/sys/kernel/random/boot_id'
  // Elsewhere than on Linux the process id alone has to do.
  if (startTicks === undefined || !fs.existsSync(bootIdPath)) return ''
  return `${fs.readFileSync(bootIdPath, 'utf8').trim()} ${startTicks}`
}
