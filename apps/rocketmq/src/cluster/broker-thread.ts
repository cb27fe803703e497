import { Worker } from 'node:worker_threads'
import { brokerThreadLimits } from '../memory-limits.ts'
import {
  type BrokerThreadData,
  type BrokerThreadMessage,
  type BrokerThreadRequest,
  errorFromFacts,
} from './broker-thread-messages.ts'
import { brokerWorkerScript, type WorkerScript } from './worker-script.ts'

/** A broker on a thread of its own. */
export class BrokerThread {
  readonly name: string
  /** Resolves with the `host:port` given to clients when the broker is ready; rejects when it could not start. */
  readonly ready: Promise<string>
  /** Resolves when the thread ended by itself, or could not be closed in order. */
  readonly failed: Promise<Error>
  readonly #worker: Worker
  readonly #ended: Promise<void>
  #stopping = false
  #failure: Error | undefined

  /** @param run what the thread runs */
  constructor(data: BrokerThreadData, run: WorkerScript = brokerWorkerScript()) {
    this.name = data.name
    const ready = Promise.withResolvers<string>()
    const failed = Promise.withResolvers<Error>()
    const ended = Promise.withResolvers<void>()
    this.ready = ready.promise
    this.failed = failed.promise
    this.#ended = ended.promise
    // `failed` reports it. An unhandled rejection of `ready` must not end the process.
    ready.promise.catch(() => {})
    const { script, options } = run
    const limits = { resourceLimits: brokerThreadLimits }
    this.#worker = new Worker(script, { ...options, ...limits, workerData: data, name: data.name })
    this.#worker.on('message', (message: BrokerThreadMessage) => {
      if (message.kind === 'ready') ready.resolve(message.advertised)
      else this.#failure ??= errorFromFacts(message.error)
    })
    this.#worker.on('error', (cause) => {
      this.#failure ??= new Error(`${data.name} crashed; its next start will run a recovery`, { cause })
    })
    this.#worker.on('exit', (exitCode) => {
      if (!this.#stopping) this.#failure ??= new Error(`${data.name} ended by itself with exit code ${exitCode}`)
      if (this.#failure !== undefined) {
        ready.reject(this.#failure)
        failed.resolve(this.#failure)
      }
      ended.resolve()
    })
  }

  /**
   * Closes the broker and ends its thread.
   * @throws what went wrong while it closed
   */
  async stop(): Promise<void> {
    const failureBefore = this.#failure
    this.#stopping = true
    this.#worker.postMessage('stop' satisfies BrokerThreadRequest)
    await this.#ended
    if (this.#failure !== undefined && this.#failure !== failureBefore) throw this.#failure
  }
}
