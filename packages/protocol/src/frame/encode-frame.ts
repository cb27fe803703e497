import type { ExtFields, HeaderCodec } from '../header-codec.ts'
import { encodeBinaryHeader } from './binary-header.ts'
import { encodeJsonHeader } from './json-header.ts'
import type { SerializeType } from './remoting-command.ts'

/** A body as one buffer or as parts that are sent one after the other. */
export type FrameBody = Buffer | readonly Buffer[]

export interface OutgoingCommand<Header> {
  code: number
  opaque: number
  flag: number
  remark?: string | undefined
  /** The typed header and its codec; without one, `extFields` (if any) are sent as they are. */
  header?: Header | undefined
  codec?: HeaderCodec<Header> | undefined
  extFields?: ExtFields | undefined
  body?: FrameBody | undefined
  serializeType: SerializeType
}

/** Bytes of a body, in one part or in several. */
export function bodyLength(body: FrameBody | undefined): number {
  if (body === undefined) return 0
  if (Buffer.isBuffer(body)) return body.length
  let length = 0
  for (const part of body) length += part.length
  return length
}

/** The header of a frame: text of the JSON kind, bytes of the ROCKETMQ kind. */
export type FrameHeader = string | Buffer

const lengthsBytes = 8
const utf8BytesMax = 3

export function encodeFrameHeader<Header>(command: OutgoingCommand<Header>): FrameHeader {
  const { code, opaque, flag, remark, header, codec } = command
  if (command.serializeType === 'ROCKETMQ') {
    const extFields = header !== undefined && codec !== undefined ? codec.encode(header) : command.extFields
    return encodeBinaryHeader(code, opaque, flag, remark, extFields)
  }
  const fieldsJson =
    header !== undefined && codec !== undefined
      ? codec.encodeJson(header)
      : command.extFields === undefined
        ? undefined
        : JSON.stringify(command.extFields).slice(1, -1)
  return encodeJsonHeader(code, opaque, flag, remark, fieldsJson)
}

/** Room that `writeFrameHead` needs at the most, in bytes. */
export function frameHeadBytesMax(header: FrameHeader): number {
  return lengthsBytes + (typeof header === 'string' ? header.length * utf8BytesMax : header.length)
}

/**
 * Writes the frame without its body, which has to follow it: length, header word and header.
 * @param bodyBytes length of the body
 * @returns the position behind it
 */
export function writeFrameHead(target: Buffer, position: number, header: FrameHeader, bodyBytes: number): number {
  const start = position + lengthsBytes
  const isText = typeof header === 'string'
  const headerBytes = isText ? target.write(header, start, 'utf8') : header.copy(target, start)
  target.writeInt32BE(4 + headerBytes + bodyBytes, position)
  target.writeUInt32BE((((isText ? 0 : 1) << 24) | headerBytes) >>> 0, position + 4)
  return start + headerBytes
}

/** The frame without its body, which has to follow it. */
export function encodeFrameHead(header: FrameHeader, bodyBytes: number): Buffer {
  const headerBytes = typeof header === 'string' ? Buffer.byteLength(header, 'utf8') : header.length
  const head = Buffer.allocUnsafe(lengthsBytes + headerBytes)
  writeFrameHead(head, 0, header, bodyBytes)
  return head
}

/** The whole frame in one buffer. */
export function encodeFrame<Header>(command: OutgoingCommand<Header>): Buffer {
  const { body } = command
  const head = encodeFrameHead(encodeFrameHeader(command), bodyLength(body))
  if (body === undefined) return head
  return Buffer.concat(Buffer.isBuffer(body) ? [head, body] : [head, ...body])
}
