import type { ExtFields, HeaderCodec } from '../header-codec.ts'
import type { SerializeType } from './remoting-command.ts'

/** A body as one buffer or as parts that are sent one after the other. */
export type FrameBody = Buffer | readonly Buffer[]

/** A request or response that is to be sent. */
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
