import type { Log } from '@rocketmq-ts/platform'
import { QueueFileError } from '@rocketmq-ts/storage'

/** Queues of which it is told that they cannot be read: the next ones are alike. */
const toldMax = 100

/** Light queues that could not be read when nobody asked for them. They are passed by: who uses one gets the error. */
export class UnreadableQueues {
  readonly #log: Log
  readonly #told = new Set<string>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Does something with a queue, unless it cannot be read. @throws other errors */
  passingBy(queue: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      this.passBy(queue, error)
    }
  }

  /**
   * Tells once of a queue that it cannot be read.
   * @throws the error when it is another one
   */
  passBy(queue: string, error: unknown): void {
    if (!(error instanceof QueueFileError)) throw error
    if (this.#told.has(queue) || this.#told.size >= toldMax) return
    this.#told.add(queue)
    this.#log.error({ err: error, queue }, 'a lite topic cannot be read, and is passed by')
  }
}
