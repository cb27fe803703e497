import { Buffer } from 'node:buffer'
import { frameBytesMax } from '../frame/index.ts'
import { ProtocolError } from '../protocol-error.ts'
import type { Body } from './body.ts'

/** Entries that are encoded at a time. */
const entriesAtOnce = 100
/** What a frame has besides its body, at the most. */
const headBytesMax = 64 * 1024
const comma = Buffer.from(',')

/**
 * A body with very many entries in one list or table, which are encoded some at a time: others can have their turns in
 * between. It ends with the bytes that `Body.encode` gives for all of them.
 */
export class BodyInParts<T, Entry> {
  readonly #body: Body<T>
  readonly #field: string
  readonly #holding: (entries: Entry[]) => T
  /** The lengths of what stands before the entries, and behind them, in what `holding` gives. */
  readonly #head: number
  readonly #tail: number
  #entries: Entry[] = []
  #parts: Buffer[] = []
  #byteCount = 0

  /**
   * @param field the name of the list or table; it stands before no other bracket
   * @param holding a body with these entries, and the same without them each time
   */
  constructor(body: Body<T>, field: string, holding: (entries: Entry[]) => T) {
    this.#body = body
    this.#field = field
    this.#holding = holding
    const empty = body.encode(holding([]))
    this.#head = this.#beginIn(empty)
    this.#tail = empty.length - this.#head
  }

  /** @throws ProtocolError SYSTEM_ERROR when there is more than a peer takes in one frame */
  add(entry: Entry): void {
    this.#entries.push(entry)
    if (this.#entries.length === entriesAtOnce) this.#encode()
  }

  /** Adds an entry that has very many itself. @throws ProtocolError as `add` does */
  addEncoded(parts: readonly Buffer[]): void {
    this.#encode()
    this.#push(parts)
  }

  /**
   * The body, whose bytes come one part behind the other.
   * @param without the body without entries; what `holding` gives when left out
   * @throws ProtocolError as `add` does
   */
  end(without: T = this.#holding([])): Buffer[] {
    this.#encode()
    const bytes = this.#body.encode(without)
    const at = this.#beginIn(bytes)
    return [bytes.subarray(0, at), ...this.#parts, bytes.subarray(at)]
  }

  #beginIn(bytes: Buffer): number {
    const name = `${JSON.stringify(this.#field)}:`
    const at = bytes.indexOf(name)
    if (at < 0) throw new Error(`there is no field ${name} in ${this.#body.name}`)
    return at + Buffer.byteLength(name) + 1
  }

  #encode(): void {
    if (this.#entries.length === 0) return
    const bytes = this.#body.encode(this.#holding(this.#entries))
    this.#entries = []
    this.#push([bytes.subarray(this.#head, bytes.length - this.#tail)])
  }

  #push(parts: readonly Buffer[]): void {
    if (this.#parts.length > 0) this.#parts.push(comma)
    for (const part of parts) {
      this.#parts.push(part)
      this.#byteCount += part.length
    }
    if (this.#byteCount <= frameBytesMax - headBytesMax) return
    const remark = `the answer has more than the ${frameBytesMax} bytes that fit into a frame: ask for less at a time`
    throw new ProtocolError('SYSTEM_ERROR', remark)
  }
}
