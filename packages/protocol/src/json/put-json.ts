/**
 * Writes JSON straight into bytes. Most of it is short and plain ASCII, so writing byte by byte costs less than making
 * a string first and converting it.
 */

const quote = 0x22
const backslash = 0x5c
const minus = 0x2d
const zero = 0x30
const billion = 1_000_000_000

/** An escaped character takes six bytes (`\u0001`), an integer of 64 bits twenty. */
const escapedCharacterBytes = 6
export const integerBytesMax = 20

/** Room that `putString` needs at the most, in bytes. */
export function stringBytesMax(text: string): number {
  return 2 + text.length * escapedCharacterBytes
}

/** Writes bytes as they are; returns the position behind them. For constant parts, which are bytes from the start. */
export function putBytes(target: Uint8Array, position: number, bytes: Uint8Array): number {
  target.set(bytes, position)
  return position + bytes.length
}

/** Writes text of which every character is ASCII, as it is; returns the position behind it. */
export function putAscii(target: Uint8Array, position: number, text: string): number {
  for (let index = 0; index < text.length; index++) target[position + index] = text.charCodeAt(index)
  return position + text.length
}

/** Writes a JSON string; returns the position behind it. */
export function putString(target: Buffer, position: number, text: string): number {
  let at = position
  target[at++] = quote
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x20 || unit > 0x7e || unit === quote || unit === backslash) return putEscaped(target, position, text)
    target[at++] = unit
  }
  target[at++] = quote
  return at
}

function putEscaped(target: Buffer, position: number, text: string): number {
  return position + target.write(JSON.stringify(text), position, 'utf8')
}

/** Writes a number as text, an integer of up to 2^53 by its digits; returns the position behind it. */
export function putNumber(target: Uint8Array, position: number, value: number): number {
  if (!Number.isSafeInteger(value)) return putAscii(target, position, String(value))
  if (value >= 0) return putDigits(target, position, value)
  target[position] = minus
  return putDigits(target, position + 1, -value)
}

function putDigits(target: Uint8Array, position: number, value: number): number {
  if (value < billion) return putSmall(target, position, value, digitCount(value))
  const high = Math.floor(value / billion)
  return putSmall(target, putDigits(target, position, high), value - high * billion, 9)
}

/** Writes `count` digits of a number below a billion, from the last digit on. */
function putSmall(target: Uint8Array, position: number, value: number, count: number): number {
  let rest = value | 0
  for (let at = position + count - 1; at >= position; at--) {
    const next = (rest / 10) | 0
    target[at] = zero + rest - next * 10
    rest = next
  }
  return position + count
}

function digitCount(value: number): number {
  let count = 1
  for (let power = 10; power <= value; power *= 10) count++
  return count
}
