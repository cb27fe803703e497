import type { Connection } from '@rocketmq-ts/platform'
import {
  bodyLength,
  encodeFrameHead,
  encodeFrameHeader,
  type FrameBody,
  type FrameHeader,
  frameHeadBytesMax,
  type OutgoingCommand,
  writeFrameHead,
} from '@rocketmq-ts/protocol'

interface OutgoingFrame {
  header: FrameHeader
  body: FrameBody | undefined
  bodyBytes: number
}

const gatheredBytesMax = 256 * 1024

/** Where frames are gathered for a write: one place for all connections, since a write mostly leaves nothing behind. */
let gathered: Buffer | undefined

/** Frames that wait to be written to a connection. */
export class OutgoingFrames {
  readonly #connection: Connection
  #frames: OutgoingFrame[] = []
  #bytes = 0
  /** Room that all of them need at the most. */
  #bytesMax = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0
  }

  /** Bytes that wait; characters of headers beyond ASCII count as one. */
  get bytes(): number {
    return this.#bytes
  }

  add<Header>(command: OutgoingCommand<Header>): void {
    const { body } = command
    const header = encodeFrameHeader(command)
    const bodyBytes = bodyLength(body)
    this.#frames.push({ header, body, bodyBytes })
    this.#bytes += header.length + bodyBytes
    this.#bytesMax += frameHeadBytesMax(header) + bodyBytes
  }

  /** Writes all frames at once, as the system takes one write for less than many. */
  flush(): void {
    const frames = this.#frames
    const bytesMax = this.#bytesMax
    this.clear()
    if (frames.length === 0) return
    if (bytesMax <= gatheredBytesMax) this.#writeGathered(frames)
    else this.#writeParts(frames)
  }

  clear(): void {
    this.#frames = []
    this.#bytes = 0
    this.#bytesMax = 0
  }

  #writeGathered(frames: readonly OutgoingFrame[]): void {
    gathered ??= Buffer.allocUnsafeSlow(gatheredBytesMax)
    let end = 0
    for (const { header, body, bodyBytes } of frames) {
      end = writeFrameHead(gathered, end, header, bodyBytes)
      if (body === undefined) continue
      if (Buffer.isBuffer(body)) end += body.copy(gathered, end)
      else for (const part of body) end += part.copy(gathered, end)
    }
    this.#connection.write(gathered.subarray(0, end))
    // What the system did not take at once stays where it is until it does.
    if (this.#connection.unsentBytes > 0) gathered = undefined
  }

  #writeParts(frames: readonly OutgoingFrame[]): void {
    this.#connection.cork()
    for (const { header, body, bodyBytes } of frames) {
      this.#connection.write(encodeFrameHead(header, bodyBytes))
      if (body === undefined) continue
      if (Buffer.isBuffer(body)) this.#connection.write(body)
      else for (const part of body) this.#connection.write(part)
    }
    this.#connection.uncork()
  }
}
