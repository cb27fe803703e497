import { crc32 } from 'node:zlib'

/**
 * Lines that prove themselves: each is `ssssssss text`, with the CRC-32 of its text and of all texts before it as eight
 * hexadecimal digits. After a power failure any part of what was not synced may be missing, or be what stood there
 * before the file was truncated: neither continues the sums of the lines before it.
 */
export interface JournalLines {
  texts: string[]
  /** Behind the last line that is whole. */
  endPosition: number
  /** The sum of that line; that before the first when there is none. */
  sum: number
}

const sumDigits = 8
const lineEnd = 0x0a

/**
 * @param text without line ends
 * @param sumBefore that of the line before, or 0
 */
export function encodeLine(text: string, sumBefore: number): { bytes: Buffer; sum: number } {
  const sum = crc32(text, sumBefore)
  return { bytes: Buffer.from(`${digitsOf(sum)} ${text}\n`, 'utf8'), sum }
}

/** Several lines, from the beginning of a journal on. */
export function encodeLines(texts: readonly string[]): { bytes: Buffer; sum: number } {
  const lines: Buffer[] = []
  let sum = 0
  for (const text of texts) {
    const line = encodeLine(text, sum)
    lines.push(line.bytes)
    sum = line.sum
  }
  return { bytes: Buffer.concat(lines), sum }
}

/**
 * The lines up to the first that is not whole.
 * @param sumBefore that of the line before these, or 0
 */
export function decodeLines(bytes: Buffer, sumBefore = 0): JournalLines {
  const lines: JournalLines = { texts: [], endPosition: 0, sum: sumBefore }
  for (;;) {
    const end = bytes.indexOf(lineEnd, lines.endPosition)
    if (end < 0) return lines
    const text = bytes.subarray(lines.endPosition + sumDigits + 1, end)
    const sum = crc32(text, lines.sum)
    const opening = bytes.toString('latin1', lines.endPosition, lines.endPosition + sumDigits + 1)
    if (opening !== `${digitsOf(sum)} `) return lines
    lines.texts.push(text.toString('utf8'))
    lines.sum = sum
    lines.endPosition = end + 1
  }
}

function digitsOf(sum: number): string {
  return sum.toString(16).padStart(sumDigits, '0')
}
