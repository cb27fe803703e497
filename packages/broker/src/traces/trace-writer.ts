import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { propertyName, TraceBatch, type TraceContents, type TraceStep } from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from '../intake/intake.ts'
import { ownMessage } from '../intake/own-message.ts'
import { encodedProperty } from '../intake/property-text.ts'

export interface TraceWriterParts {
  clock: Clock
  log: Log
  sink: MessageSink
  topic: string
  storeHost: Buffer
  uniqueId(): string
}

const flushMs = 5000

/**
 * Gathers steps of messages and stores them in the topic of traces, where they are found by the unique key and the keys of
 * each message. What a crash or a full disk takes of them is lost: they are no promise.
 */
export class TraceWriter {
  readonly #parts: TraceWriterParts
  readonly #batch = new TraceBatch()
  #cancelTimer: CancelTimer | undefined
  #isFailing = false

  constructor(parts: TraceWriterParts) {
    this.#parts = parts
  }

  add(step: TraceStep): void {
    const { clock } = this.#parts
    const full = this.#batch.add(step, clock.now())
    if (full !== undefined) this.#store(full)
    this.#cancelTimer ??= clock.after(flushMs, () => this.flush())
  }

  /** Stores what was gathered. */
  flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const contents = this.#batch.take()
    if (contents !== undefined) this.#store(contents)
  }

  #store(contents: TraceContents): void {
    const message = this.#message(contents)
    try {
      this.#parts.sink.put([message], (outcome) => {
        if (outcome.kind === 'refused') this.#failed(outcome.reason)
        else this.#isFailing = false
      })
    } catch (error) {
      this.#failed((error as Error).message)
    }
  }

  #failed(reason: string): void {
    if (!this.#isFailing) this.#parts.log.warn({ reason }, 'traces could not be stored: they are lost')
    this.#isFailing = true
  }

  #message({ body, keys }: TraceContents): StoreMessage {
    const { clock, topic, storeHost, uniqueId } = this.#parts
    const properties =
      encodedProperty(propertyName.keys, keys) +
      encodedProperty(propertyName.uniqueKey, uniqueId()) +
      encodedProperty(propertyName.waitStoreOk, 'false')
    return ownMessage({ topic, body, properties, nowMs: clock.now(), storeHost })
  }
}
