import zlib from 'node:zlib'
import { sysFlag } from '@rocketmq-ts/protocol'
import { RocketMQError } from '../rocketmq-error.ts'

/** Bits of sysFlag that say how a compressed body is compressed. */
const kinds = { mask: 0x700, lz4: 0x100, zstd: 0x200, zlib: 0x300 } as const

/** As Java's producers do. */
const level = 5
const hasZstd = typeof zlib.zstdDecompressSync === 'function'

export interface CompressedBody {
  readonly body: Buffer
  /** Bits to set. */
  readonly sysFlag: number
}

/** A body over so many bytes is compressed, if that makes it smaller. */
export function compressBody(body: Buffer, overBytes: number): CompressedBody {
  if (body.length <= overBytes) return { body, sysFlag: 0 }
  const compressed = zlib.deflateSync(body, { level })
  if (compressed.length >= body.length) return { body, sysFlag: 0 }
  return { body: compressed, sysFlag: sysFlag.compressed | kinds.zlib }
}

/**
 * The body as it was sent.
 * @param bytesMax more is taken for an attempt to fill the memory
 * @throws RocketMQError UNDECODABLE
 */
export function decompressBody(body: Buffer, flags: number, bytesMax: number): Buffer {
  if ((flags & sysFlag.compressed) === 0) return body
  const kind = flags & kinds.mask
  try {
    if (kind === 0 || kind === kinds.zlib) return zlib.inflateSync(body, { maxOutputLength: bytesMax })
    // Node has it from 22.15 on.
    if (kind === kinds.zstd && hasZstd) return zlib.zstdDecompressSync(body, { maxOutputLength: bytesMax })
  } catch (cause) {
    throw new RocketMQError('UNDECODABLE', 'the compressed body cannot be read', { cause })
  }
  const name = kind === kinds.lz4 ? 'LZ4' : kind === kinds.zstd ? 'ZSTD' : `number ${kind >> 8}`
  throw new RocketMQError('UNDECODABLE', `the body is compressed with ${name}, which cannot be read here`)
}
