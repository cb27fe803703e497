import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { patienceMs, within } from '../targets/deadline.ts'

/** How a process may make a file system of its own: as root, or as a user who is root in a namespace of his own. */
const waysIn = [
  { unshare: ['-m'], enter: ['-m'] },
  { unshare: ['-U', '-r', '-m'], enter: ['-U', '--preserve-credentials', '-m'] },
] as const

const tools = { unshare: 'unshare', enter: 'nsenter' }

type WayIn = (typeof waysIn)[number]

const mountScript = 'mount -t tmpfs -o "size=$2" tmpfs "$1" && echo mounted && exec cat'

/**
 * For `describe.skipIf`: true, after a line that says so, when this system lets nobody mount a tmpfs for himself. With
 * CI=true that is an error, so that tests are never left out there unseen.
 */
export function lacksSmallDisks(): boolean {
  if (wayIn() !== undefined) return false
  const message = 'no tmpfs can be mounted: it takes unshare, nsenter and mount, and root or user namespaces'
  if (process.env.CI === 'true') throw new Error(message)
  console.warn(`tests on a small disk skipped: ${message}`)
  return true
}

function wayIn(): WayIn | undefined {
  const probe = mkdtempSync(join(tmpdir(), 'small-disk-probe-'))
  try {
    if (spawnSync(tools.enter, ['--version']).status !== 0) return undefined
    return waysIn.find(({ unshare }) => {
      const args = [...unshare, 'sh', '-c', mountScript, 'sh', probe, '1m']
      return spawnSync(tools.unshare, args, { input: '', timeout: patienceMs }).status === 0
    })
  } finally {
    rmSync(probe, { recursive: true, force: true })
  }
}

/** A tmpfs of a few megabytes that only processes started inside see by its path. It goes with this process. */
export class SmallDisk {
  /** The disk for processes inside. */
  readonly path: string
  /** The disk for this process. */
  readonly outsidePath: string
  readonly #way: WayIn
  readonly #holder: ChildProcess

  /**
   * @param path an empty folder to mount it at
   * @throws Error when it cannot be mounted
   */
  static async mount(path: string, sizeBytes: number): Promise<SmallDisk> {
    const way = wayIn()
    if (way === undefined) throw new Error('no tmpfs can be mounted')
    // Namespace and disk live as long as this process does, which ends when its input does.
    const args = [...way.unshare, 'sh', '-c', mountScript, 'sh', path, String(sizeBytes)]
    const holder = spawn(tools.unshare, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    await within('mount of a tmpfs', Promise.race([once(holder.stdout!, 'data'), failed(holder)]))
    return new SmallDisk(path, way, holder)
  }

  private constructor(path: string, way: WayIn, holder: ChildProcess) {
    this.path = path
    this.outsidePath = `/proc/${holder.pid}/root${path}`
    this.#way = way
    this.#holder = holder
  }

  /** The command that starts another one inside, in the same process. */
  inside(executable: string, args: readonly string[]): { executable: string; args: string[] } {
    return { executable: tools.enter, args: ['-t', String(this.#holder.pid), ...this.#way.enter, executable, ...args] }
  }

  /** Used by total space, 0 to 1. */
  get usedRatio(): number {
    const { blocks, bavail } = statfsSync(this.outsidePath)
    return 1 - bavail / blocks
  }

  /** Takes space that is not the broker's. */
  addBallast(name: string, byteCount: number): void {
    writeFileSync(join(this.outsidePath, name), Buffer.alloc(byteCount, 0x62))
  }

  /** Takes all space that is left. */
  exhaust(name: string): void {
    const block = Buffer.alloc(4096, 0x62)
    for (;;) {
      try {
        writeFileSync(join(this.outsidePath, name), block, { flag: 'a' })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        return
      }
    }
  }

  removeBallast(name: string): void {
    rmSync(join(this.outsidePath, name))
  }

  async unmount(): Promise<void> {
    const ended = once(this.#holder, 'exit')
    this.#holder.stdin!.end()
    if (this.#holder.exitCode === null && this.#holder.signalCode === null)
      await within('end of the holder of a tmpfs', ended)
  }
}

async function failed(holder: ChildProcess): Promise<never> {
  const [code] = await once(holder, 'exit')
  throw new Error(`mounting a tmpfs ended with code ${code}`)
}
