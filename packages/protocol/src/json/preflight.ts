const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const COLON = 0x3a
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

/** The shortest run of digits that can exceed 2^53 - 1. */
const UNSAFE_DIGITS = 16

/**
 * Says whether `JSON.parse` may read the text: not when it is nested too deep, not when it holds an integer so long
 * that `JSON.parse` could round it, and not when a key has escapes in it: V8 12.8 to 14.6 at the least take such a key
 * for another one once they have seen a key that ends with a backslash (github.com/nodejs/node/issues/63785). Only the
 * answer for valid standard JSON matters, since `JSON.parse` refuses the rest itself. One pass, no allocation.
 *
 * @param depthMax how many arrays and objects may be open at once
 */
export function isPlainJson(text: string, depthMax: number): boolean {
  let depth = 0
  let digits = 0
  let fraction = false
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= ZERO && unit <= NINE) {
      if (++digits >= UNSAFE_DIGITS && !fraction) return false
      continue
    }
    digits = 0
    fraction = unit === DOT
    if (unit === QUOTE) {
      index = endOfString(text, index + 1)
      if (index < 0) return false
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > depthMax) return false
    } else if (unit === 0x7d || unit === 0x5d) {
      depth--
    }
  }
  return true
}

/** The index of the quote that ends a string, or -1 when the string is a key with escapes in it. */
function endOfString(text: string, start: number): number {
  let hasEscape = false
  for (let index = start; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit === QUOTE) return hasEscape && isFollowedByColon(text, index + 1) ? -1 : index
    if (unit === BACKSLASH) {
      hasEscape = true
      index++
    }
  }
  return text.length
}

function isFollowedByColon(text: string, start: number): boolean {
  let index = start
  while (text.charCodeAt(index) <= SPACE) index++
  return text.charCodeAt(index) === COLON
}
