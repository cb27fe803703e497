/**
 * Makes an input shorter while `fails` returns true for it: halves, quarters and so on are left out, and remaining
 * bytes are replaced by `0`.
 *
 * @param triesMax how often `fails` may be called
 */
export function shrinkInput(input: Buffer, fails: (shorter: Buffer) => boolean, triesMax = 2000): Buffer {
  let shortest = input
  let tries = 0
  const takes = (candidate: Buffer): boolean => {
    if (tries++ >= triesMax || !fails(candidate)) return false
    shortest = candidate
    return true
  }
  for (
    let size = Math.ceil(input.length / 2);
    size >= 1 && tries < triesMax;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < shortest.length && tries < triesMax; ) {
      if (!takes(Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + size)]))) at += size
    }
  }
  for (let at = 0; at < shortest.length && tries < triesMax; at++) {
    if (shortest[at] === 0x30) continue
    const plainer = Buffer.from(shortest)
    plainer[at] = 0x30
    takes(plainer)
  }
  return shortest
}
