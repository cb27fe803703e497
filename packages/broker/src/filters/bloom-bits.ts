/**
 * Which bits of a bloom filter are a group's. An official broker that is given a store drops the expressions of groups
 * for which consumerFilter.json has other bits than it works out by itself.
 */
export interface BloomBits {
  bitNum: number
  bitPos: number[]
}

/** The sizes of a bloom filter as the official broker works them out. */
export interface BloomSizes {
  bitCount: number
  hashCount: number
}

/**
 * @param groups to expect
 * @param errorPercent of wrong guesses that are taken
 */
export function bloomSizes(groups: number, errorPercent: number): BloomSizes {
  const errorRate = errorPercent / 100
  const hashCount = Math.ceil(Math.log(errorRate) / Math.log(0.5))
  const bits = Math.ceil(groups * (Math.log(1 / errorRate) / Math.log(2)) * (Math.log(Math.E) / Math.log(2)))
  return { bitCount: Math.ceil(bits / 8) * 8, hashCount }
}

/** The bits of a group for a topic: two halves of one hash, combined as often as there are hashes. */
export function bloomBits(topic: string, group: string, { bitCount, hashCount }: BloomSizes): BloomBits {
  const hash = murmurLow64(Buffer.from(`${group}#${topic}`))
  const first = Number(BigInt.asIntN(32, hash))
  const second = Number(BigInt.asIntN(32, hash >> 32n))
  const bitPos: number[] = []
  for (let index = 1; index <= hashCount; index++) {
    const combined = (first + Math.imul(index, second)) | 0
    bitPos.push((combined < 0 ? ~combined : combined) % bitCount)
  }
  return { bitNum: bitCount, bitPos }
}

const factor1 = 0x87c37b91114253d5n
const factor2 = 0x4cf5ad432745937fn
const blockBytes = 16

/** The lower half of MurmurHash3 in its form of 128 bits for 64-bit machines, with seed 0. */
export function murmurLow64(bytes: Buffer): bigint {
  let low = 0n
  let high = 0n
  const wholeBytes = bytes.length - (bytes.length % blockBytes)
  for (let at = 0; at < wholeBytes; at += blockBytes) {
    low ^= mixLow(bytes.readBigUInt64LE(at))
    low = u64(u64(rotate(low, 27n) + high) * 5n + 0x52dce729n)
    high ^= mixHigh(bytes.readBigUInt64LE(at + 8))
    high = u64(u64(rotate(high, 31n) + low) * 5n + 0x38495ab5n)
  }
  const rest = Buffer.alloc(blockBytes)
  bytes.copy(rest, 0, wholeBytes)
  low ^= mixLow(rest.readBigUInt64LE(0))
  high ^= mixHigh(rest.readBigUInt64LE(8))
  const length = BigInt(bytes.length)
  low ^= length
  high ^= length
  low = u64(low + high)
  high = u64(high + low)
  low = finished(low)
  high = finished(high)
  return u64(low + high)
}

function mixLow(block: bigint): bigint {
  return u64(rotate(u64(block * factor1), 31n) * factor2)
}

function mixHigh(block: bigint): bigint {
  return u64(rotate(u64(block * factor2), 33n) * factor1)
}

function finished(value: bigint): bigint {
  let mixed = value
  mixed ^= mixed >> 33n
  mixed = u64(mixed * 0xff51afd7ed558ccdn)
  mixed ^= mixed >> 33n
  mixed = u64(mixed * 0xc4ceb9fe1a85ec53n)
  return mixed ^ (mixed >> 33n)
}

function rotate(value: bigint, bits: bigint): bigint {
  return u64((value << bits) | (value >> (64n - bits)))
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}
