import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const deadlineMs = 240_000

export const rocketmq = fileURLToPath(new URL('../../bin/rocketmq.mjs', import.meta.url))

export interface ProcessOptions {
  cwd: string
  /** Environment variables beside those of the test. */
  env?: Readonly<Record<string, string>>
  /** By what user and group it runs. */
  uid?: number
  /** What is run with the arguments; the default is the executable itself, by the Node of the test. */
  command?: readonly [string, ...string[]]
}

/** The real executable in a process of its own, or what starts it. */
export class RocketmqProcess {
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  readonly #exited: Promise<number>

  constructor(
    args: readonly string[],
    { cwd, env: more, uid, command = [process.execPath, rocketmq] }: ProcessOptions,
  ) {
    const { NAMESRV_ADDR: _, ...env } = process.env
    const [program, ...firstArgs] = command
    this.#child = spawn(program, [...firstArgs, ...args], {
      cwd,
      env: { ...env, ...more },
      ...(uid === undefined ? {} : { uid, gid: uid }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.#exited = once(this.#child, 'close').then(([code]) => code ?? -1)
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** The first match in stdout, when it is there. */
  async output(pattern: RegExp): Promise<RegExpExecArray> {
    const ended = this.#exited.then((code) => {
      throw new Error(`ended with exit code ${code} before it wrote ${pattern}:\n${this.stdout}\n${this.stderr}`)
    })
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = () => {
        const match = pattern.exec(this.stdout)
        if (match !== null) resolve(match)
      }
      this.#child.stdout!.on('data', look)
      look()
    })
    return this.#inTime(Promise.race([found, ended]), `writing ${pattern}`)
  }

  /** The first match in stderr, when it is there. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = () => {
        const match = pattern.exec(this.stderr)
        if (match !== null) resolve(match)
      }
      this.#child.stderr!.on('data', look)
      look()
    })
    return this.#inTime(found, `saying ${pattern}`)
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** The exit code, when it has ended and all of its output has been read; -1 when a signal ended it. */
  exit(): Promise<number> {
    return this.#inTime(this.#exited, 'ending')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  async #inTime<T>(promise: Promise<T>, what: string): Promise<T> {
    const deadline = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      deadline.reject(new Error(`${what} took longer than ${deadlineMs} ms:\n${this.stdout}\n${this.stderr}`))
    }, deadlineMs)
    try {
      return await Promise.race([promise, deadline.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}
