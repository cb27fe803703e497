/** How many bytes are the same from two positions on, at most `bytesMax`. */
export function equalBytes(
  own: DataView,
  ownStart: number,
  other: DataView,
  otherStart: number,
  bytesMax: number,
): number {
  let count = 0
  while (count + 8 <= bytesMax && own.getBigInt64(ownStart + count) === other.getBigInt64(otherStart + count))
    count += 8
  while (count < bytesMax && own.getUint8(ownStart + count) === other.getUint8(otherStart + count)) count++
  return count
}
