import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { pollUntil, within } from './deadline.ts'

/** A name server or a broker that runs as a process of its own. */
export interface ServerProcess {
  readonly name: string
  /** host:port on which clients reach it. */
  readonly address: string
  /** Of the process that runs now, or of the last one. */
  readonly pid: number
  /** What all its runs wrote to their standard output and error, one after the other. */
  readonly logFile: string
  /** SIGTERM, then waits for the exit. Nothing happens when it does not run. */
  stop(): Promise<void>
  /** SIGKILL, then waits for the exit. Nothing happens when it does not run. */
  kill(): Promise<void>
  /** Stops it when it runs, starts it with the same settings and waits until it is ready. */
  restart(): Promise<void>
  /** The last lines of the log, for failure messages. */
  logTail(lines?: number): string
}

export interface ServerCommand {
  name: string
  address: string
  executable: string
  args: string[]
  cwd: string
  env: Record<string, string>
  logFile: string
  /** Resolves to true once the server is ready for clients. Asked again until then. */
  isReady: () => Promise<true | { notYet: string }>
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts the process and waits until it is ready.
 * @throws Error with the end of its log when it ends before, or is not ready in time
 */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  const server = new ManagedServer(command)
  await server.start()
  return server
}

class ManagedServer implements ServerProcess {
  readonly #command: ServerCommand
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()
  pid = 0

  constructor(command: ServerCommand) {
    this.#command = command
  }

  get name(): string {
    return this.#command.name
  }

  get address(): string {
    return this.#command.address
  }

  get logFile(): string {
    return this.#command.logFile
  }

  async start(): Promise<void> {
    const { executable, args, cwd, env, logFile, name } = this.#command
    mkdirSync(dirname(logFile), { recursive: true })
    const log = openSync(logFile, 'a')
    const child = spawn(executable, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', log, log] })
    closeSync(log)
    running.add(child)
    this.#child = child
    this.pid = child.pid ?? 0
    let end: string | undefined
    this.#exited = new Promise((resolve) => {
      const ended = (reason: string): void => {
        end = reason
        running.delete(child)
        if (this.#child === child) this.#child = undefined
        resolve()
      }
      child.once('exit', (code, signal) => ended(`ended with ${signal ?? `code ${code}`}`))
      child.once('error', (error) => ended(String(error)))
    })
    try {
      await pollUntil(`${name} at ${this.address} ready`, async () => {
        if (end !== undefined) throw new Error(`${name} ${end} before it was ready`)
        return this.#command.isReady()
      })
    } catch (error) {
      await this.kill()
      throw new Error(`${(error as Error).message}\n${this.logTail()}`, { cause: error })
    }
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGTERM')
    try {
      await within(`exit of ${this.name} after SIGTERM`, this.#exited)
    } catch (error) {
      await this.kill()
      throw new Error(`${(error as Error).message}\n${this.logTail()}`, { cause: error })
    }
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await within(`exit of ${this.name} after SIGKILL`, this.#exited)
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  logTail(lines = 40): string {
    if (!existsSync(this.logFile)) return `(${this.name} wrote nothing)`
    // The logger of the official servers tells how it sets itself up, in more lines than all that matters.
    const written = readFileSync(this.logFile, 'utf8').split('\n')
    const telling = written.filter((line) => !line.includes('|-INFO in org.apache.rocketmq.logging'))
    return `--- ${this.name}, ${this.logFile}\n${telling.slice(-lines).join('\n')}`
  }
}

/** @param address host:port, an IPv6 host in brackets */
export function hostAndPort(address: string): { host: string; port: number } {
  const separator = address.lastIndexOf(':')
  const host = address.slice(0, separator).replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(address.slice(separator + 1)) }
}

/** Whether something accepts a connection at the address (host:port). */
export function acceptsConnections(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(hostAndPort(address))
    socket.setTimeout(1000, () => socket.destroy())
    socket.once('connect', () => {
      resolve(true)
      socket.destroy()
    })
    // Nobody listens yet: the caller polls.
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
