const nameBytesMax = 255

/**
 * Whether a topic can name a folder. Names come from clients: one that is a path would lead out of the store.
 */
export function isFolderName(topic: string): boolean {
  if (topic === '' || topic === '.' || topic === '..') return false
  if (topic.includes('/') || topic.includes('\\') || topic.includes('\0')) return false
  return Buffer.byteLength(topic, 'utf8') <= nameBytesMax
}
