import { continuedHash, type EncodedProperties, javaStringHash } from '@rocketmq-ts/protocol'

/** The hash of `topic#`, the prefix of all keys of a topic. */
export function topicPrefixHash(topic: string): number {
  return javaStringHash(`${topic}#`)
}

const tagPrefix = 'T#'

/** What an index file stores for `topic#key`. */
export function keyHash(prefixHash: number, key: string): number {
  return positive(continuedHash(prefixHash, key))
}

/** The same for `topic#T#tag`. */
export function tagHash(prefixHash: number, tag: string): number {
  return keyHash(prefixHash, tagPrefix + tag)
}

/** What an index file stores for the unique id of a message that has one. */
export function uniqueKeyHash(prefixHash: number, properties: EncodedProperties): number {
  return positive(properties.hashFrom(prefixHash, 'uniqueKey'))
}

/** The same for the tag of a message that has one. */
export function tagHashOf(prefixHash: number, properties: EncodedProperties): number {
  return positive(properties.hashFrom(continuedHash(prefixHash, tagPrefix), 'tags'))
}

/** With more hashes, searching the array for each one takes longer than a set. */
const fewHashes = 16

/**
 * The hashes under which the index finds a message: of its unique id, its keys and its tag. Each occurs once.
 * @param hashes is emptied, and filled with them
 */
export function keyHashesInto(hashes: number[], prefixHash: number, properties: EncodedProperties): void {
  hashes.length = 0
  if (properties.has('uniqueKey')) hashes.push(uniqueKeyHash(prefixHash, properties))
  if (properties.has('keys')) properties.addWordHashes('keys', prefixHash, hashes)
  if (properties.has('tags')) hashes.push(tagHashOf(prefixHash, properties))
  for (let index = 0; index < hashes.length; index++) hashes[index] = positive(hashes[index]!)
  if (hashes.length > 1) leaveOutRepeated(hashes)
}

function leaveOutRepeated(hashes: number[]): void {
  let count = 0
  if (hashes.length > fewHashes) {
    for (const hash of new Set(hashes)) hashes[count++] = hash
  } else {
    // The hashes before `count` are the distinct ones so far.
    for (const hash of hashes) if (hashes.indexOf(hash) >= count) hashes[count++] = hash
  }
  hashes.length = count
}

/** The absolute value; 0 for the one hash without a positive counterpart. */
function positive(hash: number): number {
  const absolute = Math.abs(hash)
  return absolute > 0x7fffffff ? 0 : absolute
}
