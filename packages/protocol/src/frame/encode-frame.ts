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

function bodyLength(body: FrameBody | undefined): number {
  if (body === undefined) return 0
  if (Buffer.isBuffer(body)) return body.length
  let length = 0
  for (const part of body) length += part.length
  return length
}

/** The frame without its body: length, header word and header. The body has to follow it. */
export function encodeFrameHead<Header>(command: OutgoingCommand<Header>): Buffer {
  const { code, opaque, flag, remark, header, codec } = command
  if (command.serializeType === 'ROCKETMQ') {
    const extFields = header !== undefined && codec !== undefined ? codec.encode(header) : command.extFields
    const encoded = encodeBinaryHeader(code, opaque, flag, remark, extFields)
    const head = Buffer.allocUnsafe(8 + encoded.length)
    encoded.copy(head, 8)
    return writeLengths(head, 1, bodyLength(command.body))
  }
  const fieldsJson =
    header !== undefined && codec !== undefined
      ? codec.encodeJson(header)
      : command.extFields === undefined
        ? undefined
        : JSON.stringify(command.extFields).slice(1, -1)
  const text = encodeJsonHeader(code, opaque, flag, remark, fieldsJson)
  const head = Buffer.allocUnsafe(8 + Buffer.byteLength(text, 'utf8'))
  head.write(text, 8, 'utf8')
  return writeLengths(head, 0, bodyLength(command.body))
}

function writeLengths(head: Buffer, serializeType: number, bodyBytes: number): Buffer {
  const headerLength = head.length - 8
  head.writeInt32BE(4 + headerLength + bodyBytes, 0)
  head.writeUInt32BE(((serializeType << 24) | headerLength) >>> 0, 4)
  return head
}

/** The whole frame in one buffer. */
export function encodeFrame<Header>(command: OutgoingCommand<Header>): Buffer {
  const head = encodeFrameHead(command)
  const { body } = command
  if (body === undefined) return head
  return Buffer.concat(Buffer.isBuffer(body) ? [head, body] : [head, ...body])
}
