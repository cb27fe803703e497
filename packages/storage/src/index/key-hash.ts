import { continuedHash, type EncodedProperties, javaStringHash } from '@rocketmq-ts/protocol'

/** The hash of `topic#`, which all keys of a topic start with. */
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

/** Everything that the index knows a message by: its unique id, its keys, and its tag. */
export function keyHashes(prefixHash: number, properties: EncodedProperties): readonly number[] {
  const uniqueKey = properties.has('uniqueKey') ? positive(properties.hashFrom(prefixHash, 'uniqueKey')) : undefined
  const tag = properties.has('tags') ? positive(tagHashFrom(prefixHash, properties)) : undefined
  if (!properties.has('keys')) return listOf(uniqueKey, tag)
  const hashes = uniqueKey === undefined ? [] : [uniqueKey]
  properties.addWordHashes('keys', prefixHash, hashes)
  for (let index = 0; index < hashes.length; index++) hashes[index] = positive(hashes[index]!)
  if (tag !== undefined) hashes.push(tag)
  return hashes
}

function tagHashFrom(prefixHash: number, properties: EncodedProperties): number {
  return properties.hashFrom(continuedHash(prefixHash, tagPrefix), 'tags')
}

const none: readonly number[] = []

/** Lists of their own size: one that grows takes room for many more. */
function listOf(first: number | undefined, second: number | undefined): readonly number[] {
  if (first === undefined) return second === undefined ? none : [second]
  return second === undefined ? [first] : [first, second]
}

/** The absolute value; 0 for the one hash without a positive counterpart. */
function positive(hash: number): number {
  const absolute = Math.abs(hash)
  return absolute > 0x7fffffff ? 0 : absolute
}
