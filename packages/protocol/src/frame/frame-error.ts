/** Bytes that are no frame. Whoever sent them cannot be answered: the connection is closed. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}
