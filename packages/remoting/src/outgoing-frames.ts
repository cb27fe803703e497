import type { Connection } from '@rocketmq-ts/platform'
import {
  bodyLength,
  encodeFrameHead,
  frameHeadBytesMax,
  type OutgoingCommand,
  writeFrameHead,
} from '@rocketmq-ts/protocol'

/** Called with the size of a frame, once it was handed to the system. */
export interface FrameListener {
  written(bytes: number): void
}

interface OutgoingFrame {
  command: OutgoingCommand<unknown>
  bodyBytes: number
  /** The encoded head when it is too long for one write; other heads are encoded when they are written. */
  head: Buffer | undefined
  /** Upper limit of the head's size; its exact size once it was written, when there is a listener. */
  headBytes: number
  listener: FrameListener | undefined
}

/** The size of the largest write. Bytes that the system does not take at once keep the memory of their write in use. */
export const writeBytesMax = 256 * 1024

/** Gathers frames for a write. One buffer serves all connections, since the system mostly takes a write completely. */
let gathered: Buffer | undefined

/**
 * Frames that wait to be written to a connection. Bodies are copied when they are written, and not used after that:
 * their memory may be used for other things in the next turn.
 */
export class OutgoingFrames {
  readonly #connection: Connection
  #frames: OutgoingFrame[] = []
  #bytes = 0
  #isObserved = false

  constructor(connection: Connection) {
    this.#connection = connection
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0
  }

  /** Upper limit of the bytes that wait. */
  get bytes(): number {
    return this.#bytes
  }

  add<Header>(command: OutgoingCommand<Header>, listener?: FrameListener | undefined): void {
    const bodyBytes = bodyLength(command.body)
    let headBytes = frameHeadBytesMax(command)
    const head = headBytes <= writeBytesMax ? undefined : encodeFrameHead(command, bodyBytes)
    if (head !== undefined) headBytes = head.length
    this.#frames.push({ command: command as OutgoingCommand<unknown>, bodyBytes, head, headBytes, listener })
    this.#bytes += headBytes + bodyBytes
    if (listener !== undefined) this.#isObserved = true
  }

  /** Writes all frames in as few writes as possible: one write costs less than many. */
  flush(): void {
    const frames = this.#frames
    const isObserved = this.#isObserved
    this.clear()
    let end = 0
    for (const frame of frames) {
      end = this.#addHead(end, frame)
      const { body } = frame.command
      if (body === undefined) continue
      if (Buffer.isBuffer(body)) end = this.#addBody(end, body)
      else for (const part of body) end = this.#addBody(end, part)
    }
    this.#write(end)
    if (!isObserved) return
    for (const { listener, headBytes, bodyBytes } of frames) listener?.written(headBytes + bodyBytes)
  }

  clear(): void {
    this.#frames = []
    this.#bytes = 0
    this.#isObserved = false
  }

  /** @returns where the next bytes go */
  #addHead(end: number, frame: OutgoingFrame): number {
    const { command, bodyBytes, head, headBytes, listener } = frame
    if (head !== undefined) return this.#addBody(end, head)
    const start = end + headBytes > writeBytesMax ? this.#write(end) : end
    const headEnd = writeFrameHead(place(), start, command, bodyBytes)
    if (listener !== undefined) frame.headBytes = headEnd - start
    return headEnd
  }

  #addBody(end: number, bytes: Buffer): number {
    let start = end
    let copied = bytes.copy(place(), start)
    start += copied
    while (copied < bytes.length) {
      this.#write(start)
      start = bytes.copy(place(), 0, copied)
      copied += start
    }
    return start
  }

  /** Writes what was gathered. */
  #write(end: number): number {
    if (end === 0) return 0
    this.#connection.write(place().subarray(0, end))
    // The socket still refers to this memory until the system has taken all of it.
    if (this.#connection.unsentBytes > 0) gathered = undefined
    return 0
  }
}

function place(): Buffer {
  gathered ??= Buffer.allocUnsafeSlow(writeBytesMax)
  return gathered
}
