import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./locking-process.ts', import.meta.url))

export interface LockingProcessOptions {
  /** It kills itself in front of that call of the file system, counted from 1. */
  deadlyCall?: number | undefined
  /** `marks` does without the kernel. */
  by?: 'marks' | 'kernel'
  /** Whether it lives in a process namespace of its own, as in a container. */
  isContained?: boolean
}

const contained = ['unshare', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc'] as const

/** Why this system has no process namespaces for us, or undefined when it has. */
export function whyNotContained(): string | undefined {
  const [command, ...args] = contained
  const { status, stderr, error } = spawnSync(command, [...args, 'true'], { encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

/** A process that waits for its turn to lock a folder. */
export class LockingProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<unknown>

  constructor(lockFilePath: string, { deadlyCall, by = 'marks', isContained = false }: LockingProcessOptions = {}) {
    const command = [
      process.execPath,
      program,
      lockFilePath,
      by,
      ...(deadlyCall === undefined ? [] : [`${deadlyCall}`]),
    ]
    const [file, ...args] = isContained ? [...contained, ...command] : command
    this.#child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#ended = once(this.#child, 'exit')
    this.#lines = createInterface(this.#child.stdout!)[Symbol.asyncIterator]()
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** The next thing it says; undefined when it ended before. */
  async says(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next()
    return done ? undefined : value
  }

  lock(): void {
    this.#child.stdin!.write('lock\n')
  }

  /** What it says when it was asked to lock. */
  async locks(): Promise<string | undefined> {
    if ((await this.says()) !== 'ready') return undefined
    this.lock()
    return this.says()
  }

  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    this.#child.kill('SIGCONT')
  }

  /** Ends it where it stands. What unshare runs inside dies a moment after it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

/** What each of several processes says that come at once for one lock. */
export async function saidAtOnce(lockFilePath: string, count: number, by: 'marks' | 'kernel') {
  const takers = Array.from({ length: count }, () => new LockingProcess(lockFilePath, { by }))
  try {
    const isReady = await Promise.all(takers.map(async (taker) => (await taker.says()) === 'ready'))
    if (isReady.includes(false)) throw new Error('a process ended before it was asked to lock')
    for (const taker of takers) taker.lock()
    return await Promise.all(takers.map((taker) => taker.says()))
  } finally {
    await Promise.all(takers.map((taker) => taker.kill()))
  }
}
