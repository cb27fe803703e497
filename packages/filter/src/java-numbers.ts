/** How Java makes numbers of texts, which is what decides whether a property is the number that an expression names. */

import { trimJava } from '@rocketmq-ts/protocol'

const int32Max = 2n ** 31n - 1n
const int64Max = 2n ** 63n - 1n

/** @returns NaN for what `Integer.valueOf` refuses */
export function javaInteger(text: string): number {
  const value = wholeNumber(text, 31)
  return value === undefined || value > int32Max || value < ~int32Max ? Number.NaN : Number(value)
}

/** @returns undefined for what `Long.valueOf` refuses */
export function javaLong(text: string): bigint | undefined {
  const value = wholeNumber(text, 63)
  return value === undefined || value > int64Max || value < ~int64Max ? undefined : value
}

const asciiDigits = /^[+-]?\d+$/
const anyDigits = /^[+-]?\p{Nd}+$/u
const leadingZeros = /^0*(?=\d)/

/** @param bits that a number has at most; what has more digits is none */
function wholeNumber(text: string, bits: number): bigint | undefined {
  const isNegative = text.startsWith('-')
  const unsigned = /^[+-]/.test(text) ? text.slice(1) : text
  let digits = unsigned
  if (!asciiDigits.test(text)) {
    if (!anyDigits.test(text)) return undefined
    const ascii = asciiOf(unsigned)
    if (ascii === undefined) return undefined
    digits = ascii
  }
  digits = digits.replace(leadingZeros, '')
  if (digits.length > bits / 3) return undefined
  return isNegative ? -BigInt(digits) : BigInt(digits)
}

/** Java takes the digits of all scripts, but those that are two UTF-16 units. Each script's stand side by side. */
function asciiOf(digits: string): string | undefined {
  let ascii = ''
  for (const digit of digits) {
    if (digit.length > 1) return undefined
    const unit = digit.charCodeAt(0)
    const low = unit & 0xf
    // They begin at a code that ends in 0 or 6.
    const beginsAtZero = low < 10 && /\p{Nd}/u.test(String.fromCharCode(unit - low))
    ascii += beginsAtZero ? low : low - 6
  }
  return ascii
}

const decimal = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?$/
const special = /^([+-]?)(NaN|Infinity)$/
const hexadecimal = /^([+-]?)0[xX](?:([\da-fA-F]+)\.?|([\da-fA-F]*)\.([\da-fA-F]+))[pP]([+-]?\d+)[fFdD]?$/

/** @returns undefined for what `Double.valueOf` refuses; NaN is a number here */
export function javaDouble(text: string): number | undefined {
  const trimmed = trimJava(text)
  const simple = decimal.exec(trimmed)
  if (simple !== null) return Number(simple[1])
  const named = special.exec(trimmed)
  if (named !== null) return named[2] === 'NaN' ? Number.NaN : Number(trimmed)
  const hex = hexadecimal.exec(trimmed)
  if (hex === null) return undefined
  const [, minus, whole, before = '', after = '', exponent] = hex
  const digits = whole ?? before + after
  const value = scaled(BigInt(`0x${digits}`), Number(exponent) - (whole === undefined ? after.length * 4 : 0))
  return minus === '-' ? -value : value
}

const exponentMin = -1074

/** mantissa * 2^exponent, rounded to the nearest double, of two as near to the even one. */
function scaled(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0
  const bits = mantissa.toString(2).length
  if (bits + exponent > 1024) return Number.POSITIVE_INFINITY
  if (bits + exponent < exponentMin) return 0
  // What is left of the mantissa: 53 bits, or fewer where the smallest number that there is says so.
  const dropped = Math.max(bits - 53, exponentMin - exponent, 0)
  let kept = mantissa >> BigInt(dropped)
  if (dropped > 0) {
    const rest = mantissa & ((1n << BigInt(dropped)) - 1n)
    const half = 1n << BigInt(dropped - 1)
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept++
  }
  return Number(kept) * 2 ** (exponent + dropped)
}

/** Java's `Double.compare`: -0.0 is less than 0.0, and NaN is more than all, and equal to itself. */
export function compareDoubles(left: number, right: number): number {
  if (left < right) return -1
  if (left > right) return 1
  if (Object.is(left, right)) return 0
  if (Number.isNaN(left)) return 1
  return Number.isNaN(right) || Object.is(left, -0) ? -1 : 1
}
