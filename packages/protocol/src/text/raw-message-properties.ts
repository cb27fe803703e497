import { Buffer } from 'node:buffer'

const NAME_END = 1
const VALUE_END = 2

/** The name of a property, encoded once, to be found in the bytes of many messages. */
export interface RawPropertyName {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Prepares a name for `findRawMessageProperty`. */
export function rawPropertyName(name: string): RawPropertyName {
  return { name, bytes: Buffer.from(name, 'utf8') }
}

/** Where the value of a property lies in a buffer: bytes from `start` up to, not including, `end`. */
export interface RawPropertyRange {
  readonly start: number
  readonly end: number
}

/**
 * Finds one property in the encoded properties of a message (wire formats, section 3.2), without decoding the others
 * and without copying. Agrees with `decodeMessageProperties`: of a repeated name the last value that is not empty counts.
 *
 * @param bytes a buffer that holds the properties, such as a commit log record
 * @param start where they begin in the buffer
 * @param end where they end; bytes behind it are never looked at
 * @returns undefined when the property is absent or empty
 */
export function locateRawMessageProperty(
  bytes: Uint8Array,
  name: RawPropertyName,
  start = 0,
  end = bytes.length,
): RawPropertyRange | undefined {
  const wanted = name.bytes
  let found: RawPropertyRange | undefined
  let at = start
  while (at < end) {
    let matched = 0
    while (matched < wanted.length && at + matched < end && bytes[at + matched] === wanted[matched]) matched++
    const valueStart = at + matched + 1
    const isWanted = matched === wanted.length && at + matched < end && bytes[at + matched] === NAME_END
    at += matched
    while (at < end && bytes[at] !== VALUE_END) at++
    if (isWanted && at > valueStart) found = { start: valueStart, end: at }
    at++
  }
  return found
}

/** Reads one property as text; see `locateRawMessageProperty`. */
export function findRawMessageProperty(
  bytes: Buffer,
  name: RawPropertyName,
  start = 0,
  end = bytes.length,
): string | undefined {
  const range = locateRawMessageProperty(bytes, name, start, end)
  return range === undefined ? undefined : bytes.toString('utf8', range.start, range.end)
}
