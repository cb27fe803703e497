import { textHash } from '@rocketmq-ts/base'

/**
 * Java's `String.hashCode`: 31-based over UTF-16 units, wrapped to a signed 32-bit integer. A message's tags code is
 * this hash of its tag; index files hash their keys with it.
 */
export function javaStringHash(text: string): number {
  return continuedHash(0, text)
}

/** The hash of two concatenated texts, from the hash of the first one. */
export function continuedHash(start: number, text: string): number {
  return textHash(text, start)
}
