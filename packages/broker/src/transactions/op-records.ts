/**
 * Bodies of the messages that say which half messages have ended: offsets in the queue of half messages, each followed
 * by a comma. Old brokers wrote one offset without a comma.
 */
const separator = ','

/** The tag of such a message: what it names is removed. */
export const removedTag = 'd'

/**
 * Writes offsets into as few bodies as there have to be.
 * @param bytesMax of a body; one offset is written in any case
 */
export function opBodies(queueOffsets: readonly number[], bytesMax: number): string[] {
  const bodies: string[] = []
  let body = ''
  for (const queueOffset of queueOffsets) {
    const one = `${queueOffset}${separator}`
    if (body !== '' && body.length + one.length > bytesMax) {
      bodies.push(body)
      body = ''
    }
    body += one
  }
  if (body !== '') bodies.push(body)
  return bodies
}

const offsetText = /^[0-9]{1,15}$/

/** The offsets that a body names; what is no offset is left out. */
export function offsetsOfOp(body: Buffer): number[] {
  const offsets: number[] = []
  for (const part of body.toString('latin1').split(separator)) if (offsetText.test(part)) offsets.push(Number(part))
  return offsets
}
