import { binaryHeaderForm } from './binary-header-form.ts'
import { FrameError } from './frame-error.ts'
import { jsonHeaderForm } from './json-header-form.ts'
import { type HeaderPatterns, PatternReader } from './pattern-reader.ts'
import type { RemotingCommand } from './remoting-command.ts'

/** The largest frame that RocketMQ's peers take: everything after the length field. */
export const frameBytesMax = 16_777_216

const lengthBytes = 4
const gatheredFirst = 1024

/**
 * Cuts a stream of bytes into frames:
 *
 *     totalLength 4 (bytes that follow) | serialize type 1 | headerLength 3 | header | body
 *
 * A frame that arrives within one chunk is not copied: its body is a part of the chunk. The others are gathered in one
 * buffer that grows with what arrives, not with what is announced, however small the chunks are.
 */
export class FrameDecoder {
  readonly #onFrame: (command: RemotingCommand, frameBytes: number) => void
  readonly #frameBytesMax: number
  readonly #patterns: HeaderPatterns | undefined
  /** A peer mostly uses one of the two forms. */
  #jsonHeaders: PatternReader | undefined
  #binaryHeaders: PatternReader | undefined
  /** The start of a frame that has not arrived as a whole. */
  #gathered: Buffer = Buffer.alloc(0)
  #gatheredBytes = 0
  /** Bytes that must be gathered before the next attempt to decode. */
  #wantedBytes = lengthBytes

  /**
   * @param onFrame called with each frame, and its bytes with the length field
   * @param patterns for peers that send headers which are alike; see `PatternReader`
   */
  constructor(
    onFrame: (command: RemotingCommand, frameBytes: number) => void,
    maximumFrameBytes = frameBytesMax,
    patterns?: HeaderPatterns | undefined,
  ) {
    this.#onFrame = onFrame
    this.#frameBytesMax = maximumFrameBytes
    this.#patterns = patterns
  }

  /** Bytes held of a frame that is not complete. */
  get bufferedBytes(): number {
    return this.#gatheredBytes
  }

  /** @throws FrameError when the bytes are no frames; nothing can be decoded after it */
  push(chunk: Buffer): void {
    let position = 0
    while (this.#gatheredBytes > 0) {
      const missing = this.#wantedBytes - this.#gatheredBytes
      const taken = Math.min(missing, chunk.length - position)
      this.#gather(chunk, position, taken)
      position += taken
      if (taken < missing) return
      this.#endGathering()
    }
    this.#decodeAll(chunk, position)
  }

  /** Called with the wanted bytes: now either the length is known and more is wanted, or the frame is complete. */
  #endGathering(): void {
    const gathered = this.#gathered
    if (this.#wantedBytes === lengthBytes) {
      this.#wantedBytes = lengthBytes + this.#totalLengthAt(gathered, 0)
      return
    }
    const frameBytes = this.#gatheredBytes
    this.#gathered = gathered.subarray(0, 0)
    this.#gatheredBytes = 0
    this.#wantedBytes = lengthBytes
    this.#onFrame(this.#decodeFrame(gathered, viewOf(gathered), lengthBytes, frameBytes - lengthBytes), frameBytes)
  }

  #gather(source: Buffer, start: number, byteCount: number): void {
    const needed = this.#gatheredBytes + byteCount
    if (needed > this.#gathered.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(this.#wantedBytes, needed * 2)))
      this.#gathered.copy(larger, 0, 0, this.#gatheredBytes)
      this.#gathered = larger
    }
    source.copy(this.#gathered, this.#gatheredBytes, start, start + byteCount)
    this.#gatheredBytes = needed
  }

  #decodeAll(bytes: Buffer, start: number): void {
    let position = start
    const view = viewOf(bytes)
    for (;;) {
      const available = bytes.length - position
      if (available < lengthBytes) {
        this.#wantedBytes = lengthBytes
        break
      }
      const totalLength = this.#totalLengthAt(bytes, position)
      if (available < lengthBytes + totalLength) {
        this.#wantedBytes = lengthBytes + totalLength
        break
      }
      this.#onFrame(this.#decodeFrame(bytes, view, position + lengthBytes, totalLength), lengthBytes + totalLength)
      position += lengthBytes + totalLength
    }
    if (position === bytes.length) return
    this.#gathered = Buffer.allocUnsafe(Math.max(bytes.length - position, Math.min(this.#wantedBytes, gatheredFirst)))
    this.#gatheredBytes = bytes.copy(this.#gathered, 0, position)
  }

  #totalLengthAt(bytes: Buffer, position: number): number {
    const totalLength = bytes.readInt32BE(position)
    if (totalLength >= lengthBytes && totalLength <= this.#frameBytesMax) return totalLength
    throw new FrameError(`a frame of ${totalLength} bytes is announced, ${this.#frameBytesMax} are allowed`)
  }

  /**
   * Decodes what follows the length field.
   * @throws FrameError when it is no frame
   */
  #decodeFrame(bytes: Buffer, view: DataView, start: number, totalLength: number): RemotingCommand {
    const headerWord = view.getInt32(start)
    const serializeType = headerWord >>> 24
    const headerLength = headerWord & 0xffffff
    if (headerLength > totalLength - 4) {
      throw new FrameError(`a header of ${headerLength} bytes does not fit into a frame of ${totalLength}`)
    }
    const bodyStart = start + 4 + headerLength
    const end = start + totalLength
    const body = bodyStart === end ? undefined : bytes.subarray(bodyStart, end)
    if (serializeType === 0) {
      this.#jsonHeaders ??= new PatternReader(jsonHeaderForm, this.#patterns)
      return this.#jsonHeaders.decode(bytes, view, start + 4, bodyStart, body)
    }
    if (serializeType === 1) {
      this.#binaryHeaders ??= new PatternReader(binaryHeaderForm, this.#patterns)
      return this.#binaryHeaders.decode(bytes, view, start + 4, bodyStart, body)
    }
    throw new FrameError(`serialize type ${serializeType} is neither JSON (0) nor ROCKETMQ (1)`)
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
