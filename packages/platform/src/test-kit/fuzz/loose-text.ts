/** Bytes as text that no bytes can carry: what is no UTF-8 becomes half of a surrogate pair. */
export function looseText(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll('\ufffd', '\ud83d')
}
