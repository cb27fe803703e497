import { type TraceStep, traceRecord } from './trace-records.ts'

/** As the official clients write them. */
const bodyBytesMax = 128_000
/** Of the keys of one message: all its properties have to fit into 32767 bytes. */
const keysBytesMax = 24_000

/** What a message of the topic of traces holds. */
export interface TraceContents {
  readonly body: string
  /** Unique keys and keys of all traced messages: each finds the message. */
  readonly keys: string
}

/** Steps of messages that become one message of the topic of traces. */
export class TraceBatch {
  #records: string[] = []
  #keys = new Set<string>()
  #bodyBytes = 0
  #keysBytes = 0

  get isEmpty(): boolean {
    return this.#records.length === 0
  }

  /**
   * @param nowMs milliseconds since 1970
   * @returns what was gathered before, when there is no room in it for the step
   */
  add(step: TraceStep, nowMs: number): TraceContents | undefined {
    const record = traceRecord(step, nowMs)
    const recordBytes = Buffer.byteLength(record)
    let full: TraceContents | undefined
    if (!this.#hasRoom(recordBytes, this.#newKeys(step))) full = this.take()
    const keys = this.#newKeys(step)
    this.#records.push(record)
    for (const key of keys) this.#keys.add(key)
    this.#bodyBytes += recordBytes
    this.#keysBytes += bytesOf(keys)
    return full
  }

  /** @returns what was gathered; undefined when that is nothing */
  take(): TraceContents | undefined {
    if (this.isEmpty) return undefined
    const contents = { body: this.#records.join(''), keys: [...this.#keys].join(' ').slice(0, keysBytesMax) }
    this.#records = []
    this.#keys = new Set()
    this.#bodyBytes = 0
    this.#keysBytes = 0
    return contents
  }

  #newKeys({ messageId, keys }: TraceStep): string[] {
    return [...new Set([messageId, ...keys.split(' ')])].filter((key) => key !== '' && !this.#keys.has(key))
  }

  #hasRoom(recordBytes: number, keys: readonly string[]): boolean {
    return this.#bodyBytes + recordBytes <= bodyBytesMax && this.#keysBytes + bytesOf(keys) <= keysBytesMax
  }
}

function bytesOf(keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + Buffer.byteLength(key) + 1, 0)
}
