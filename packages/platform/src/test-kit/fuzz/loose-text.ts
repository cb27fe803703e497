/** Bytes as text, with a lone surrogate in place of what is not UTF-8: text that cannot be encoded back. */
export function looseText(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll('\ufffd', '\ud83d')
}
