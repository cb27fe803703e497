/** Goes on with Java's String.hashCode from the hash of what stands before. */
function continueHash(hash: number, text: string): number {
  let result = hash
  for (let index = 0; index < text.length; index++) result = (Math.imul(result, 31) + text.charCodeAt(index)) | 0
  return result
}

/** The hash of `topic#`, which all keys of a topic start with. */
export function topicPrefixHash(topic: string): number {
  return continueHash(continueHash(0, topic), '#')
}

/** What an index file stores for `topic#key`: |hashCode|, and 0 for the one hash without a positive counterpart. */
export function keyHash(prefixHash: number, key: string): number {
  const hash = Math.abs(continueHash(prefixHash, key))
  return hash > 0x7fffffff ? 0 : hash
}
