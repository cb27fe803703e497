import { type TraceStep, traceRecord, withoutEnds } from './trace-records.ts'

/** As the official clients write them. */
const bodyBytesMax = 128_000
/** Of the keys of one message: all its properties have to fit into 32767 bytes. */
const keysBytesMax = 24_000

/** What a message of the topic of traces holds. */
export interface TraceContents {
  readonly body: string
  /** Unique keys and keys of all traced messages, as far as there is room: each finds the message. */
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
    let keys = this.#newKeys(step)
    let full: TraceContents | undefined
    if (!this.#hasRoom(recordBytes, keys)) {
      full = this.take()
      keys = this.#newKeys(step)
    }
    this.#records.push(record)
    this.#bodyBytes += recordBytes
    for (const key of keys) {
      const keyBytes = bytesOf(key)
      // A message may have more keys than that: the last ones do not find it, its id does.
      if (this.#keysBytes + keyBytes > keysBytesMax) break
      this.#keys.add(key)
      this.#keysBytes += keyBytes
    }
    return full
  }

  /** @returns what was gathered; undefined when that is nothing */
  take(): TraceContents | undefined {
    if (this.isEmpty) return undefined
    const contents = { body: this.#records.join(''), keys: [...this.#keys].join(' ') }
    this.#records = []
    this.#keys = new Set()
    this.#bodyBytes = 0
    this.#keysBytes = 0
    return contents
  }

  #newKeys({ messageId, keys }: TraceStep): string[] {
    // The ends of fields are those of properties, too: with one in it, the batch could not be sent.
    return [...new Set(withoutEnds(`${messageId} ${keys}`).split(' '))].filter(
      (key) => key !== '' && !this.#keys.has(key),
    )
  }

  #hasRoom(recordBytes: number, keys: readonly string[]): boolean {
    return (
      this.#bodyBytes + recordBytes <= bodyBytesMax &&
      keys.reduce((sum, key) => sum + bytesOf(key), this.#keysBytes) <= keysBytesMax
    )
  }
}

/** With the blank behind it. */
function bytesOf(key: string): number {
  return Buffer.byteLength(key) + 1
}
