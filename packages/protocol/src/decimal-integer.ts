const plus = 0x2b
const minus = 0x2d
const zero = 0x30

/** Numbers with at most this many digits fit 32 bits, with which arithmetic is fastest. */
const smallDigits = 9
const safeDigits = 15
const longDigits = 19
const longMax = 2n ** 63n - 1n
const longMin = -(2n ** 63n)

/**
 * Reads a decimal integer of 64 bits as Java does: perhaps a sign, then digits, and nothing else. There is no space, no
 * exponent, no `0x10`. Digits are those of ASCII.
 * @returns a safe integer, the nearest one for values beyond 2^53; NaN for any other text
 */
export function decimalInteger(text: string): number {
  const { length } = text
  if (length > safeDigits || length === 0) return signedInteger(text)
  const smallEnd = Math.min(length, smallDigits)
  let small = 0
  let at = 0
  for (; at < smallEnd; at++) {
    const digit = text.charCodeAt(at) - zero
    if (digit < 0 || digit > 9) return signedInteger(text)
    small = (small * 10 + digit) | 0
  }
  let number = small
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - zero
    if (digit < 0 || digit > 9) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

/** Reads a text that is not just a few digits: with a sign, longer, or no integer at all. */
function signedInteger(text: string): number {
  const sign = text.charCodeAt(0)
  let first = sign === minus || sign === plus ? 1 : 0
  if (first === text.length) return Number.NaN
  for (let at = first; at < text.length; at++) {
    const digit = text.charCodeAt(at) - zero
    if (digit < 0 || digit > 9) return Number.NaN
  }
  while (first < text.length - 1 && text.charCodeAt(first) === zero) first++
  if (text.length - first > longDigits) return Number.NaN
  const magnitude = BigInt(text.slice(first))
  const exact = sign === minus ? -magnitude : magnitude
  if (exact > longMax || exact < longMin) return Number.NaN
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(exact)))
}
