import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { propertyName } from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from '../intake/intake.ts'
import { ownMessage } from '../intake/own-message.ts'
import { encodedProperty } from '../intake/property-text.ts'
import { type TraceStep, traceRecord } from './trace-records.ts'

export interface TraceWriterParts {
  clock: Clock
  log: Log
  sink: MessageSink
  topic: string
  storeHost: Buffer
  uniqueId(): string
}

/** As the official clients write them. */
const bodyBytesMax = 128_000
const flushMs = 5000
/** Of the keys of one message: all its properties have to fit into 32767 bytes. */
const keysBytesMax = 24_000

/**
 * Gathers steps of messages and stores them in the topic of traces, where they are found by the unique key and the keys of
 * each message. What a crash or a full disk takes of them is lost: they are no promise.
 */
export class TraceWriter {
  readonly #parts: TraceWriterParts
  #records: string[] = []
  #keys = new Set<string>()
  #bodyBytes = 0
  #keysBytes = 0
  #cancelTimer: CancelTimer | undefined
  #isFailing = false

  constructor(parts: TraceWriterParts) {
    this.#parts = parts
  }

  add(step: TraceStep): void {
    const { clock } = this.#parts
    const record = traceRecord(step, clock.now())
    const keys = [step.messageId, ...step.keys.split(' ')].filter((key) => key !== '' && !this.#keys.has(key))
    const recordBytes = Buffer.byteLength(record)
    const keysBytes = keys.reduce((sum, key) => sum + Buffer.byteLength(key) + 1, 0)
    if (this.#bodyBytes + recordBytes > bodyBytesMax || this.#keysBytes + keysBytes > keysBytesMax) this.flush()
    this.#records.push(record)
    for (const key of keys) this.#keys.add(key)
    this.#bodyBytes += recordBytes
    this.#keysBytes += keysBytes
    this.#cancelTimer ??= clock.after(flushMs, () => this.flush())
  }

  /** Stores what was gathered. */
  flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#records.length === 0) return
    const message = this.#message()
    this.#records = []
    this.#keys = new Set()
    this.#bodyBytes = 0
    this.#keysBytes = 0
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

  #message(): StoreMessage {
    const { clock, topic, storeHost, uniqueId } = this.#parts
    const keys = [...this.#keys].join(' ').slice(0, keysBytesMax)
    const properties =
      encodedProperty(propertyName.keys, keys) +
      encodedProperty(propertyName.uniqueKey, uniqueId()) +
      encodedProperty(propertyName.waitStoreOk, 'false')
    return ownMessage({ topic, body: this.#records.join(''), properties, nowMs: clock.now(), storeHost })
  }
}
