import fs from 'node:fs'
import { loadNativeLocks } from './native-locks.ts'

export interface KernelLock {
  release(): void
}

/**
 * Asks the kernel for the lock on the first byte of a file. The official broker takes the same lock on the file `lock`
 * of its store, so each of the two keeps the other out. The lock holds against all processes of this kernel, in
 * whatever namespace, and against other machines where the file system passes locks on (NFS 4 does). The kernel
 * releases it when the process dies, but not when the process is stopped.
 *
 * The lock belongs to the open file, not to the process: two threads of one process keep each other out too. On Linux
 * it is F_OFD_SETLK of fcntl(2), on macOS flock(2), on Windows LockFileEx.
 *
 * fs-native-extensions was chosen because it does just this, brings its binaries (1.9 MB for all systems, no install
 * script), and takes 11 ms and 3 MB of memory. koffi would take 4.2 MB, an install script, 12 ms and 6.5 MB.
 * node:sqlite cannot lock the first byte.
 *
 * @param path created when it is missing; its content does not change
 * @returns `taken` when another one has it; `no locks` when this file system has none; `no binary` when what asks for them
 *   is missing
 */
export function tryKernelLock(path: string): KernelLock | 'taken' | 'no locks' | 'no binary' {
  const descriptor = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o666)
  const locks = loadNativeLocks()
  try {
    if (locks?.tryLock(descriptor, 0, 1)) return { release: () => fs.closeSync(descriptor) }
    fs.closeSync(descriptor)
    return locks === undefined ? 'no binary' : 'taken'
  } catch (error) {
    fs.closeSync(descriptor)
    if (withoutLocks.has((error as NodeJS.ErrnoException).code ?? '')) return 'no locks'
    throw error
  }
}

/** Errors of fcntl(2) when the kernel or the file system has no locks, or the NFS server does not answer for them. */
const withoutLocks = new Set(['EINVAL', 'ENOLCK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])

/**
 * The process that has a lock of the older kind (F_SETLK) on the first byte, as the official broker does; undefined
 * when there is none, or this system does not tell.
 */
export function pidOfPosixLock(path: string): number | undefined {
  try {
    const { ino } = fs.statSync(path)
    // `2: POSIX  ADVISORY  WRITE 4711 fe:00:10012942 0 0`: the process, the device and file, the range.
    const row = new RegExp(`^\\d+: POSIX +\\S+ +WRITE +(\\d+) [0-9a-f]+:[0-9a-f]+:${ino} 0 0$`, 'm')
    const pid = row.exec(fs.readFileSync('/proc/locks', 'utf8'))?.[1]
    return pid === undefined || pid === '0' ? undefined : Number(pid)
  } catch {
    return undefined // Not Linux.
  }
}
