import type { HeaderCodec } from '../src/index.ts'

/** A header as JSON text, written into a buffer of exactly the room that the codec asks for. */
export function headerJson<Header>(codec: HeaderCodec<Header>, header: Header): string {
  const target = Buffer.alloc(codec.jsonBytesMax(header))
  const end = codec.writeJson(target, 0, header)
  if (end > target.length) throw new Error(`${end} bytes were written where ${target.length} were asked for`)
  return `{${target.toString('utf8', 0, end)}}`
}
