import { encodeBinaryHeader } from './binary-header.ts'
import { jsonHeaderBytesMax, writeJsonHeader } from './json-header.ts'
import { bodyLength, type OutgoingCommand } from './outgoing-command.ts'

const lengthsBytes = 8

/** Room that `writeJsonFrameHead` needs at the most, in bytes. */
export function jsonFrameHeadBytesMax<Header>(command: OutgoingCommand<Header>): number {
  return lengthsBytes + jsonHeaderBytesMax(command)
}

/**
 * Writes the frame of a command with a JSON header without its body, which has to follow it: length, header word and
 * header.
 * @param bodyBytes length of the body
 * @returns the position behind it
 */
export function writeJsonFrameHead<Header>(
  target: Buffer,
  position: number,
  command: OutgoingCommand<Header>,
  bodyBytes: number,
): number {
  const end = writeJsonHeader(target, position + lengthsBytes, command)
  writeLengths(target, position, 0, end - position - lengthsBytes, bodyBytes)
  return end
}

/** The frame without its body, which has to follow it, in a buffer of its own. */
export function encodeFrameHead<Header>(command: OutgoingCommand<Header>, bodyBytes: number): Buffer {
  if (command.serializeType === 'JSON') {
    const head = Buffer.allocUnsafe(jsonFrameHeadBytesMax(command))
    return head.subarray(0, writeJsonFrameHead(head, 0, command, bodyBytes))
  }
  const { code, opaque, flag, remark, header, codec } = command
  const extFields = header !== undefined && codec !== undefined ? codec.encode(header) : command.extFields
  const encoded = encodeBinaryHeader(code, opaque, flag, remark, extFields)
  const head = Buffer.allocUnsafe(lengthsBytes + encoded.length)
  writeLengths(head, 0, 1, encoded.length, bodyBytes)
  encoded.copy(head, lengthsBytes)
  return head
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
