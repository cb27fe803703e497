/** A part of a file, or of a run of files, that is in memory. */
export interface Stretch {
  /** Position of its first byte. */
  readonly start: number
  readonly bytes: Buffer
}

/** The bytes at [position, position + byteCount), which the stretch holds. */
export function sliceOf({ start, bytes }: Stretch, position: number, byteCount: number): Buffer {
  return bytes.subarray(position - start, position - start + byteCount)
}
