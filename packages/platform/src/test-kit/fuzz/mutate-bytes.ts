import type { SeededRandom } from '../seeded-random.ts'

const inputBytesMax = 64 * 1024
const extremes = [
  0, 1, -1, 2, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0xff_ffff, 0x100_0000, 0x7fff_fffe, 0x7fff_ffff,
  -0x8000_0000, -0x7fff_ffff,
]

/**
 * Changes an input in one of the ways in which bytes go wrong: in transit, on a disk, or by intent.
 *
 * @param other returns another valid input, to be mixed with this one
 * @param words with a meaning to the decoder
 */
export function mutateBytes(
  input: Buffer,
  random: SeededRandom,
  other: () => Buffer,
  words: readonly Buffer[],
): Buffer {
  return changed(input, random, other, words).subarray(0, inputBytesMax)
}

function changed(input: Buffer, random: SeededRandom, other: () => Buffer, words: readonly Buffer[]): Buffer {
  const at = random.below(input.length + 1)
  const length = random.below(random.oneIn(4) ? input.length - at + 1 : Math.min(16, input.length - at + 1))
  switch (random.below(11)) {
    case 0:
    case 1:
      return withByte(input, random, (byte) => byte ^ (1 << random.below(8)))
    case 2:
      return withByte(input, random, () => random.below(256))
    case 3:
    case 4:
      return withNumber(input, random)
    case 5:
      return input.subarray(0, at)
    case 6:
      return Buffer.concat([input.subarray(0, at), input.subarray(at + length)])
    case 7:
      return repeated(input, at, at + length, timesOf(random))
    case 8:
      return inserted(input, at, randomBytes(random, 1 + random.below(8)))
    case 9:
      return words.length === 0 ? randomBytes(random, random.below(64)) : inserted(input, at, random.pick(words))
    default: {
      const second = other()
      return Buffer.concat([input.subarray(0, at), second.subarray(random.below(second.length + 1))])
    }
  }
}

export function randomBytes(random: SeededRandom, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let index = 0; index < length; index++) bytes[index] = random.below(256)
  return bytes
}

function withByte(input: Buffer, random: SeededRandom, change: (byte: number) => number): Buffer {
  if (input.length === 0) return randomBytes(random, 1)
  const bytes = Buffer.from(input)
  const at = random.below(bytes.length)
  bytes[at] = change(bytes[at]!)
  return bytes
}

/** Overwrites an integer of 1, 2, 4 or 8 bytes: by an extreme one, a nearby one, or a length. */
function withNumber(input: Buffer, random: SeededRandom): Buffer {
  const width = random.pick([1, 2, 4, 4, 4, 8])
  if (input.length < width) return randomBytes(random, width)
  const bytes = Buffer.from(input)
  const at = random.below(bytes.length - width + 1)
  // The high half of a 64-bit integer: nothing, its sign, or all of it.
  if (width === 8) bytes.writeInt32BE(random.pick([0, -1, 1, 0x7fff_ffff, -0x8000_0000]), at)
  const low = width === 8 ? at + 4 : at
  const lowWidth = Math.min(width, 4)
  const value = random.pick([
    random.pick(extremes),
    bytes.readIntBE(low, lowWidth) + random.below(9) - 4,
    bytes.length - low - lowWidth + random.below(5) - 2,
    bytes.length + random.below(5) - 2,
  ])
  const cut = value & (lowWidth === 4 ? -1 : (1 << (lowWidth * 8)) - 1)
  bytes.writeUIntBE(lowWidth === 4 ? cut >>> 0 : cut, low, lowWidth)
  return bytes
}

/** How often to repeat a part: mostly twice; at times so often that quadratic work shows. */
function timesOf(random: SeededRandom): number {
  if (!random.oneIn(8)) return 2
  return random.oneIn(8) ? 50_000 : random.below(300)
}

function repeated(input: Buffer, from: number, to: number, times: number): Buffer {
  const part = input.subarray(from, to)
  const fitting = Math.min(times, Math.ceil(inputBytesMax / Math.max(1, part.length)))
  return Buffer.concat([input.subarray(0, from), ...Array<Buffer>(fitting).fill(part), input.subarray(to)])
}

function inserted(input: Buffer, at: number, part: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, at), part, input.subarray(at)])
}
