import { decodeBinaryHeader } from './binary-header.ts'
import { FrameError } from './frame-error.ts'
import { decodeJsonHeader } from './json-header.ts'
import type { RemotingCommand } from './remoting-command.ts'

/** The largest frame that RocketMQ's peers take: everything after the length field. */
export const frameBytesMax = 16_777_216

/**
 * Cuts a stream of bytes into frames:
 *
 *     totalLength 4 (bytes that follow) | serialize type 1 | headerLength 3 | header | body
 *
 * A frame that arrives within one chunk is not copied: its body is a part of the chunk.
 */
export class FrameDecoder {
  readonly #onFrame: (command: RemotingCommand) => void
  readonly #frameBytesMax: number
  /** Chunks of a frame that has not arrived as a whole, and how many bytes they hold. */
  #chunks: Buffer[] = []
  #bufferedBytes = 0
  /** Bytes that must be there before it is worth looking again. */
  #wantedBytes = 4

  constructor(onFrame: (command: RemotingCommand) => void, maximumFrameBytes = frameBytesMax) {
    this.#onFrame = onFrame
    this.#frameBytesMax = maximumFrameBytes
  }

  /** Bytes held of a frame that is not complete. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** @throws FrameError when the bytes are no frames; nothing can be decoded after it */
  push(chunk: Buffer): void {
    if (this.#bufferedBytes === 0) {
      this.#keep(this.#decodeAll(chunk))
      return
    }
    this.#chunks.push(chunk)
    this.#bufferedBytes += chunk.length
    if (this.#bufferedBytes < this.#wantedBytes) return
    const gathered = Buffer.concat(this.#chunks, this.#bufferedBytes)
    this.#chunks = []
    this.#bufferedBytes = 0
    this.#keep(this.#decodeAll(gathered))
  }

  #keep(rest: Buffer): void {
    if (rest.length === 0) return
    this.#chunks.push(rest)
    this.#bufferedBytes = rest.length
  }

  #decodeAll(bytes: Buffer): Buffer {
    let position = 0
    for (;;) {
      const available = bytes.length - position
      if (available < 4) {
        this.#wantedBytes = 4
        break
      }
      const totalLength = bytes.readInt32BE(position)
      if (totalLength < 4 || totalLength > this.#frameBytesMax) {
        throw new FrameError(`a frame of ${totalLength} bytes is announced, ${this.#frameBytesMax} are allowed`)
      }
      if (available < 4 + totalLength) {
        this.#wantedBytes = 4 + totalLength
        break
      }
      this.#onFrame(decodeFrame(bytes, position + 4, totalLength))
      position += 4 + totalLength
    }
    return position === 0 ? bytes : bytes.subarray(position)
  }
}

/**
 * Decodes what follows the length field.
 * @throws FrameError when it is no frame
 */
function decodeFrame(bytes: Buffer, start: number, totalLength: number): RemotingCommand {
  const headerWord = bytes.readInt32BE(start)
  const serializeType = headerWord >>> 24
  const headerLength = headerWord & 0xffffff
  if (headerLength > totalLength - 4) {
    throw new FrameError(`a header of ${headerLength} bytes does not fit into a frame of ${totalLength}`)
  }
  const bodyStart = start + 4 + headerLength
  const end = start + totalLength
  const body = bodyStart === end ? undefined : bytes.subarray(bodyStart, end)
  if (serializeType === 0) return decodeJsonHeader(bytes.toString('utf8', start + 4, bodyStart), body)
  if (serializeType === 1) return decodeBinaryHeader(bytes.subarray(start + 4, bodyStart), body)
  throw new FrameError(`serialize type ${serializeType} is neither JSON (0) nor ROCKETMQ (1)`)
}
