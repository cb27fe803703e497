import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { NotInTimeError, patienceMs, within } from '../targets/deadline.ts'
import { interopFolder, repositoryFolder } from '../targets/paths.ts'
import type { Numbered, Read } from './findings.ts'
import type { Answers, ClientsOptions, Question, Told } from './protocol.ts'

/** The process of `clients.ts`, and everything that it has told. */
export class ClientsProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<number | null>
  readonly #started = Promise.withResolvers<void>()
  readonly #failed = Promise.withResolvers<never>()
  readonly #answers = new Map<Question, (answer: Answers[Question]) => void>()
  readonly acknowledged: Numbered[] = []
  readonly handled = new Map<string, Numbered[]>()
  readonly read: Read[] = []

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#exited = new Promise((resolve) => child.once('exit', resolve))
    // Whoever waits for something is told; nobody may be waiting.
    this.#failed.promise.catch(() => {})
    child.on('message', (told: Told) => this.#hear(told))
    void this.#exited.then((code) => this.#failed.reject(new Error(`the process of clients ended with code ${code}`)))
  }

  /** @throws Error when it cannot start */
  static async start(options: ClientsOptions, logFile: string): Promise<ClientsProcess> {
    const log = openSync(logFile, 'a')
    const node = join(repositoryFolder, 'node_modules', '.bin', 'node')
    const args = ['--expose-gc', join(interopFolder, 'soak', 'clients.ts'), JSON.stringify(options)]
    const child = spawn(node, args, { stdio: ['ignore', log, log, 'ipc'] })
    closeSync(log)
    const clients = new ClientsProcess(child)
    await clients.#orFailed('the start of the clients', clients.#started.promise)
    return clients
  }

  /** @throws Error when a client fails for good, or there is no answer in time */
  async ask<Q extends Question>(question: Q): Promise<Answers[Q]> {
    const { promise, resolve } = Promise.withResolvers<Answers[Question]>()
    this.#answers.set(question, resolve)
    this.#child.send(question)
    return (await this.#orFailed(`the answer to ${question}`, promise)) as Answers[Q]
  }

  /** Waits until a condition holds; it is looked at whenever the process has told something. */
  async until(what: string, isSo: () => boolean, timeoutMs = patienceMs): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => {
      if (isSo()) resolve()
    }
    this.#child.on('message', look)
    look()
    try {
      await this.#orFailed(what, promise, timeoutMs)
    } finally {
      this.#child.off('message', look)
    }
  }

  /** @returns its exit code, or undefined when it does not end; then it is killed */
  async end(): Promise<number | undefined> {
    try {
      return (await within('the end of the clients', this.#exited)) ?? -1
    } catch (error) {
      if (!(error instanceof NotInTimeError)) throw error
      await this.kill()
      return undefined
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #orFailed<Value>(what: string, promise: Promise<Value>, timeoutMs = patienceMs): Promise<Value> {
    return within(what, Promise.race([promise, this.#failed.promise]), timeoutMs)
  }

  #hear(told: Told): void {
    switch (told.kind) {
      case 'started':
        this.#started.resolve()
        break
      case 'failed':
        this.#failed.reject(new Error(`a client failed: ${told.message}`))
        break
      case 'answer':
        this.#answers.get(told.question)?.(told.answer)
        break
      case 'seen':
        this.acknowledged.push(...told.acknowledged)
        this.read.push(...told.read)
        for (const { group, ...message } of told.handled) {
          const before = this.handled.get(group)
          if (before === undefined) this.handled.set(group, [message])
          else before.push(message)
        }
        break
    }
  }
}
