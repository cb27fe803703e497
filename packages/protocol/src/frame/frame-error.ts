/** Bytes that are no frame. The peer cannot be answered: the connection is closed. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}
