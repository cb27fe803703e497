import { binaryHeaderBytesMax, writeBinaryHeader } from './binary-header.ts'
import { jsonHeaderBytesMax, writeJsonHeader } from './json-header.ts'
import { bodyLength, type OutgoingCommand } from './outgoing-command.ts'

const lengthsBytes = 8

/** Room that `writeFrameHead` needs at the most, in bytes. */
export function frameHeadBytesMax<Header>(command: OutgoingCommand<Header>): number {
  return lengthsBytes + (command.serializeType === 'JSON' ? jsonHeaderBytesMax(command) : binaryHeaderBytesMax(command))
}

/**
 * Writes the frame of a command without its body, which has to follow it: length, header word and
 * header.
 * @param bodyBytes length of the body
 * @returns the position behind it
 */
export function writeFrameHead<Header>(
  target: Buffer,
  position: number,
  command: OutgoingCommand<Header>,
  bodyBytes: number,
): number {
  const isJson = command.serializeType === 'JSON'
  const start = position + lengthsBytes
  const end = isJson ? writeJsonHeader(target, start, command) : writeBinaryHeader(target, start, command)
  writeLengths(target, position, isJson ? 0 : 1, end - start, bodyBytes)
  return end
}

/** The frame without its body, which has to follow it, in a buffer of its own. */
export function encodeFrameHead<Header>(command: OutgoingCommand<Header>, bodyBytes: number): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytesMax(command))
  return head.subarray(0, writeFrameHead(head, 0, command, bodyBytes))
}

/** The whole frame in one buffer. */
export function encodeFrame<Header>(command: OutgoingCommand<Header>): Buffer {
  const { body } = command
  const head = encodeFrameHead(command, bodyLength(body))
  if (body === undefined) return head
  return Buffer.concat(Buffer.isBuffer(body) ? [head, body] : [head, ...body])
}

function writeLengths(target: Buffer, position: number, type: 0 | 1, headerBytes: number, bodyBytes: number): void {
  target.writeInt32BE(4 + headerBytes + bodyBytes, position)
  target.writeUInt32BE(((type << 24) | headerBytes) >>> 0, position + 4)
}
