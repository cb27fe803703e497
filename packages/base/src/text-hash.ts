/**
 * A hash of a text: 31-based over UTF-16 units, wrapped to a signed 32-bit integer.
 * @param start the hash of the text in front of this one, to hash two texts as one
 */
export function textHash(text: string, start = 0): number {
  let hash = start
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  return hash
}
