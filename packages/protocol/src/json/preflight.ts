const QUOTE = 0x22
const BACKSLASH = 0x5c
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

/** The shortest run of digits that can exceed 2^53 - 1. */
const UNSAFE_DIGITS = 16

/**
 * Says whether `JSON.parse` may read the text: not when it is nested too deep, and not when it holds an integer so
 * long that `JSON.parse` could round it. Only the answer for valid standard JSON matters, since `JSON.parse` refuses
 * the rest itself. One pass, no allocation.
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
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > depthMax) return false
    } else if (unit === 0x7d || unit === 0x5d) {
      depth--
    }
  }
  return true
}

function endOfString(text: string, start: number): number {
  for (let index = start; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit === QUOTE) return index
    if (unit === BACKSLASH) index++
  }
  return text.length
}
