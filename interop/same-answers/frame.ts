/** Requests as bytes, written here by hand so that nothing of the tested code is between a case and the wire. */

/** A request before it is framed. A header field that is undefined is absent. */
export interface RawRequest {
  readonly code: number
  readonly fields?: Readonly<Record<string, string | undefined>>
  readonly body?: Buffer | string
  /** Ordinal of the version that the client says it has; 513 is 5.5.0. */
  readonly version?: number
  readonly language?: string
  readonly opaque?: number
  readonly flag?: number
  readonly form?: 'JSON' | 'ROCKETMQ'
}

const jsonForm = 0
const binaryForm = 1

/** The frame of a request with a header that a client would write. */
export function frameOf(request: RawRequest): Buffer {
  const { form = 'JSON', body = '' } = request
  const header = form === 'JSON' ? jsonHeader(request) : binaryHeader(request)
  return frame(form === 'JSON' ? jsonForm : binaryForm, header, Buffer.from(body))
}

/** The frame of a JSON header that is given as text. */
export function frameOfHeader(header: string, body = ''): Buffer {
  return frame(jsonForm, Buffer.from(header, 'utf8'), Buffer.from(body))
}

/** totalLength 4 | form 1 | headerLength 3 | header | body */
function frame(form: number, header: Buffer, body: Buffer): Buffer {
  const lengths = Buffer.alloc(8)
  lengths.writeInt32BE(4 + header.length + body.length, 0)
  lengths.writeUInt32BE(form * 2 ** 24 + header.length, 4)
  return Buffer.concat([lengths, header, body])
}

function jsonHeader({ code, fields, version = 513, language = 'JAVA', opaque = 1, flag = 0 }: RawRequest): Buffer {
  const serializeTypeCurrentRPC = 'JSON'
  return Buffer.from(
    JSON.stringify({ code, extFields: fields, flag, language, opaque, serializeTypeCurrentRPC, version }),
  )
}

/** code 2 | language 1 | version 2 | opaque 4 | flag 4 | remarkLength 4 | extLength 4 | (keyLength 2 | key | valueLength 4 | value)* */
function binaryHeader({ code, fields = {}, version = 513, opaque = 1, flag = 0 }: RawRequest): Buffer {
  const ext = Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [sized(name, 2), sized(value, 4)])),
  )
  const fixed = Buffer.alloc(21)
  fixed.writeUInt16BE(code, 0)
  fixed.writeInt16BE(version, 3)
  fixed.writeInt32BE(opaque, 5)
  fixed.writeInt32BE(flag, 9)
  fixed.writeInt32BE(ext.length, 17)
  return Buffer.concat([fixed, ext])
}

function sized(text: string, lengthBytes: number): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  const length = Buffer.alloc(lengthBytes)
  length.writeUIntBE(bytes.length, 0, lengthBytes)
  return Buffer.concat([length, bytes])
}
