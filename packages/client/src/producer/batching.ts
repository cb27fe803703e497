import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import type { Deadline } from '../calls/deadline.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import type { SendReceipt } from '../messages/message.ts'
import { bytesInBatch, type OutgoingMessage } from '../messages/outgoing-message.ts'
import { invalidArgument, type RocketMQError } from '../rocketmq-error.ts'

export interface BatchingOptions {
  /** Milliseconds for which a message waits for others of its topic. Default 0: those of the same turn of the loop. */
  readonly lingerMs?: number | undefined
  /** Messages of a batch at the most. Default 500. */
  readonly messagesMax?: number | undefined
  /** Bytes of a batch at the most. Default 512 KiB. */
  readonly bytesMax?: number | undefined
  /** Bytes that wait or are under way above which `send` waits for room. Default 32 MiB. */
  readonly pendingBytesMax?: number | undefined
}

const optionFields = knownFields<BatchingOptions>({
  lingerMs: true,
  messagesMax: true,
  bytesMax: true,
  pendingBytesMax: true,
})

export interface BatcherParts {
  readonly clock: Clock
  readonly options: BatchingOptions
  /** Sends a batch, with the time that a call has when it does not say otherwise. */
  send(messages: readonly OutgoingMessage[]): Promise<SendReceipt[]>
}

interface Entry {
  readonly message: OutgoingMessage
  readonly bytes: number
  resolve(receipt: SendReceipt): void
  reject(error: unknown): void
}

interface Batch {
  readonly key: string
  readonly entries: Entry[]
  bytes: number
  cancelTimer: CancelTimer | undefined
}

const kilobyte = 1024

/**
 * Gathers messages of a topic that are sent at about the same time into one request. Each has a promise of its own.
 * What waits and what is under way takes a bounded number of bytes: beyond it, sends wait.
 */
export class Batcher {
  readonly #parts: BatcherParts
  #lingerMs: number
  readonly #messagesMax: number
  readonly #bytesMax: number
  readonly #pendingBytesMax: number
  readonly #open = new Map<string, Batch>()
  readonly #waiting: (() => void)[] = []
  readonly #flights = new Set<Promise<void>>()
  #pendingBytes = 0

  /** @throws RocketMQError INVALID_ARGUMENT */
  constructor(parts: BatcherParts) {
    refuseUnknownFields('batching', parts.options, optionFields)
    const { lingerMs = 0, messagesMax = 500, bytesMax = 512 * kilobyte } = parts.options
    const { pendingBytesMax = 32 * kilobyte * kilobyte } = parts.options
    if (!(lingerMs >= 0)) throw invalidArgument(`batching.lingerMs is ${lingerMs}: give 0 or more`)
    for (const [name, value] of Object.entries({ messagesMax, bytesMax, pendingBytesMax })) {
      if (!(value >= 1)) throw invalidArgument(`batching.${name} is ${value}: give at least 1`)
    }
    this.#parts = parts
    this.#lingerMs = lingerMs
    this.#messagesMax = messagesMax
    this.#bytesMax = bytesMax
    this.#pendingBytesMax = pendingBytesMax
  }

  /** @throws RocketMQError of the batch, or of the deadline */
  async add(message: OutgoingMessage, deadline: Deadline): Promise<SendReceipt> {
    const bytes = bytesInBatch(message)
    while (this.#pendingBytes > 0 && this.#pendingBytes + bytes > this.#pendingBytesMax) await this.#room(deadline)
    this.#pendingBytes += bytes
    const { promise, resolve, reject } = Promise.withResolvers<SendReceipt>()
    this.#enter({ message, bytes, resolve, reject })
    // The batch keeps to the usual time itself, from when it is sent: a timer a message would cost more than its sending.
    return deadline.isUsual ? promise : deadline.within(promise)
  }

  /** Sends what waits, and from now on what comes without a linger; resolves when what was there has its answer. */
  async flush(): Promise<void> {
    this.#lingerMs = 0
    for (const batch of [...this.#open.values()]) this.#send(batch)
    await Promise.all(this.#flights)
  }

  /** Resolves when something had its answer. */
  async #room(deadline: Deadline): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    try {
      await deadline.within(promise)
    } catch (error) {
      const index = this.#waiting.indexOf(resolve)
      if (index >= 0) this.#waiting.splice(index, 1)
      // The message was not sent.
      const failure = error as RocketMQError
      failure.outcome = 'refused'
      throw failure
    }
  }

  #enter(entry: Entry): void {
    const { message, bytes } = entry
    const key = `${message.waitForStore} ${message.topic}`
    let batch = this.#open.get(key)
    if (batch !== undefined && batch.bytes + bytes > this.#bytesMax) {
      this.#send(batch)
      batch = undefined
    }
    if (batch === undefined) {
      batch = { key, entries: [], bytes: 0, cancelTimer: undefined }
      this.#open.set(key, batch)
      this.#sendLater(batch)
    }
    batch.entries.push(entry)
    batch.bytes += bytes
    if (batch.entries.length >= this.#messagesMax || batch.bytes >= this.#bytesMax) this.#send(batch)
  }

  #sendLater(batch: Batch): void {
    const { clock } = this.#parts
    if (this.#lingerMs > 0) batch.cancelTimer = clock.after(this.#lingerMs, () => this.#send(batch))
    else clock.endOfTurn(() => this.#send(batch))
  }

  #send(batch: Batch): void {
    if (this.#open.get(batch.key) !== batch) return
    this.#open.delete(batch.key)
    batch.cancelTimer?.()
    const flight = this.#settle(batch.entries).finally(() => {
      this.#flights.delete(flight)
      this.#pendingBytes -= batch.bytes
      for (const resolve of this.#waiting.splice(0)) resolve()
    })
    this.#flights.add(flight)
  }

  async #settle(entries: readonly Entry[]): Promise<void> {
    try {
      const receipts = await this.#parts.send(entries.map(({ message }) => message))
      for (const [index, { resolve }] of entries.entries()) resolve(receipts[index]!)
    } catch (error) {
      const { retryable, outcome } = error as RocketMQError
      // One of them may be the reason: alone, each gets the answer that is its own.
      if (entries.length > 1 && !retryable && outcome === 'refused') {
        await Promise.all(entries.map((entry) => this.#settle([entry])))
      } else for (const { reject } of entries) reject(error)
    }
  }
}
