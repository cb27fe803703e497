/** Writers of values into bytes, big-endian. Each returns the position behind the value, or implies it. */

/** Room that `putUtf8` needs at the most, in bytes. */
export function utf8BytesMax(text: string): number {
  return text.length * 3
}

/** Longer text is written by Buffer's native code, which costs a call. */
const loopCharactersMax = 20

/** Writes text as UTF-8; returns the position behind it. */
export function putUtf8(target: Buffer, position: number, text: string): number {
  if (text.length > loopCharactersMax) return position + target.write(text, position, 'utf8')
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit > 0x7f) return position + target.write(text, position, 'utf8')
    target[position + index] = unit
  }
  return position + text.length
}

/** Writes the low 16 bits of an integer; returns the position behind it. */
export function putInt16(target: Buffer, value: number, position: number): number {
  target[position] = value >>> 8
  target[position + 1] = value
  return position + 2
}

/**
 * Writes a 32-bit integer, signed or not, for which there is room; several times faster than `writeInt32BE`, which
 * checks both.
 * @returns the position behind it
 */
export function putInt32(target: Buffer, value: number, position: number): number {
  target[position] = value >>> 24
  target[position + 1] = value >>> 16
  target[position + 2] = value >>> 8
  target[position + 3] = value
  return position + 4
}
