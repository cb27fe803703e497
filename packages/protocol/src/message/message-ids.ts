import { decodeHost } from './host-bytes.ts'
import { readInt64 } from './message-record.ts'

/**
 * The id by which a broker finds a message: hex of store host (address and port) and commit log offset, 32 characters
 * for IPv4, 56 for IPv6.
 * @param storeHostHex hex of `encodeHost`, upper case: the same for all messages of a broker
 */
export function offsetMessageId(storeHostHex: string, physicalOffset: number): string {
  return offsetMessageIds(storeHostHex, [{ physicalOffset }])
}

const offsetDigits = 16
const comma = 0x2c
let digits = Buffer.allocUnsafeSlow(64)

/** The ids of several messages, with commas between them: the answer to a batch. */
export function offsetMessageIds(storeHostHex: string, places: readonly { physicalOffset: number }[]): string {
  const bytesMax = places.length * (storeHostHex.length + offsetDigits + 1)
  if (bytesMax > digits.length) digits = Buffer.allocUnsafeSlow(bytesMax)
  let at = 0
  for (const { physicalOffset } of places) {
    if (at > 0) digits[at++] = comma
    for (let index = 0; index < storeHostHex.length; index++) digits[at++] = storeHostHex.charCodeAt(index)
    const high = Math.floor(physicalOffset / 0x1_0000_0000)
    putHexDigits(at, high)
    putHexDigits(at + 8, physicalOffset - high * 0x1_0000_0000)
    at += offsetDigits
  }
  return digits.toString('latin1', 0, at)
}

/** Writes 32 bits as eight digits. */
function putHexDigits(start: number, value: number): void {
  let rest = value
  for (let at = start + 7; at >= start; at--) {
    const digit = rest & 0xf
    digits[at] = digit < 10 ? 0x30 + digit : 0x37 + digit
    rest >>>= 4
  }
}

/** @throws Error when `id` is not such an id */
export function parseOffsetMessageId(id: string): { host: string; port: number; physicalOffset: number } {
  if (!/^([0-9a-f]{32}|[0-9a-f]{56})$/i.test(id)) throw new Error(`"${id}" is not an offset message id`)
  const bytes = Buffer.from(id, 'hex')
  const hostBytes = bytes.length - 8
  const physicalOffset = readInt64(bytes, hostBytes)
  if (!(physicalOffset >= 0 && Number.isSafeInteger(physicalOffset))) {
    throw new Error(`"${id}" is not an offset message id: no log has a position ${physicalOffset}`)
  }
  return { ...decodeHost(bytes.subarray(0, hostBytes)), physicalOffset }
}

/** What a unique message id is made of besides time and counter. */
export interface UniqueIdSource {
  /** 4 or 16 bytes. */
  address: Buffer
  processId: number
  /** Tells two generators in one process apart. */
  instanceHash: number
  /** Where the counter begins; 0 without it. */
  firstCount?: number
}

const counterLimit = 0x1_0000

/**
 * Makes ids as producers do: hex of address, process id (2 bytes), instance hash (4), milliseconds since the month
 * began (4) and a counter (2). No two of a generator are the same, also when the clock is set back: time never goes back
 * here, and passes at least once a round of the counter.
 */
export function createUniqueIdGenerator(source: UniqueIdSource, now: () => number): () => string {
  const prefix = Buffer.alloc(source.address.length + 6)
  source.address.copy(prefix)
  prefix.writeUInt16BE(source.processId & 0xffff, source.address.length)
  prefix.writeUInt32BE(source.instanceHash >>> 0, source.address.length + 2)
  const prefixHex = prefix.toString('hex').toUpperCase()
  let counter = (source.firstCount ?? 0) % counterLimit
  let nowMs = 0
  let timeHex = ''
  let monthStartMs = 0
  let monthEndMs = 0
  return () => {
    counter = (counter + 1) % counterLimit
    const timeMs = Math.max(nowMs + (counter === 0 ? 1 : 0), now())
    if (timeMs !== nowMs) changeTime(timeMs)
    return prefixHex + timeHex + hexOfByte[counter >> 8]! + hexOfByte[counter & 0xff]!
  }

  function changeTime(timeMs: number): void {
    nowMs = timeMs
    if (nowMs >= monthEndMs) {
      const date = new Date(nowMs)
      monthStartMs = new Date(date.getFullYear(), date.getMonth(), 1).getTime()
      monthEndMs = new Date(date.getFullYear(), date.getMonth() + 1, 1).getTime()
    }
    timeHex = paddedHex(nowMs - monthStartMs, 8)
  }
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => paddedHex(byte, 2))

function paddedHex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}

/** Hex of bytes as ids show them. */
export function upperHex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase()
}
