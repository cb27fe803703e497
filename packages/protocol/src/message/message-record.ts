import { crc32 } from 'node:zlib'
import { putInt32 } from '../put-bytes.ts'
import { sysFlag } from './sys-flag.ts'

/**
 * A message as the commit log holds it and as consumers receive it; big-endian, h = 8 bytes for IPv4 hosts or 20 for
 * IPv6 (sysFlag bits 0x10 and 0x20), t = 1 byte in V1, 2 in V2:
 *
 *     totalSize 4 | magic 4 | bodyCrc 4 | queueId 4 | flag 4 | queueOffset 8 | physicalOffset 8 | sysFlag 4
 *     | bornTimestamp 8 | bornHost h | storeTimestamp 8 | storeHost h | reconsumeTimes 4
 *     | preparedTransactionOffset 8 | bodyLength 4 | body | topicLength t | topic | propertiesLength 2 | properties
 *
 * The end of a log file that no record fits into starts with: remaining 4 | blank magic 4.
 */
export const recordMagic = { v1: 0xdaa320a7 | 0, v2: 0xdaa320ab | 0, blank: 0xcbd43194 | 0 } as const

/** The smallest record: what the fixed fields take with IPv4 hosts in V1, lengths included. */
export const recordBytesMin = 91
/** Remaining length and magic of the blank at the end of a file. */
export const blankRecordBytes = 8
/** Longer topics need V2's two-byte length. */
const topicBytesMaxV1 = 127
export const propertiesBytesMax = 32_767
const topicBytesMaxV2 = 32_767

/** Positions of fields that do not depend on the hosts. */
export const recordPosition = {
  totalSize: 0,
  magic: 4,
  bodyCrc: 8,
  queueId: 12,
  flag: 16,
  queueOffset: 20,
  physicalOffset: 28,
  sysFlag: 36,
  bornTimestamp: 40,
  bornHost: 48,
} as const

/** What a broker stores; the offsets and the time of storing are set when it is written. */
export interface MessageToStore {
  /** UTF-8 bytes of the topic. */
  topicBytes: Buffer
  queueId: number
  flag: number
  /** Without the bits for IPv6 hosts: they follow from the hosts. */
  sysFlag: number
  bornTimestamp: number
  /** As `encodeHost` gives it. */
  bornHost: Buffer
  storeHost: Buffer
  reconsumeTimes: number
  preparedTransactionOffset: number
  body: Buffer
  /** Encoded properties, UTF-8. */
  propertiesBytes: Buffer
}

export function recordBytes(message: MessageToStore): number {
  const hosts = message.bornHost.length + message.storeHost.length - 16
  const topicLengthBytes = message.topicBytes.length > topicBytesMaxV1 ? 1 : 0
  return (
    recordBytesMin +
    hosts +
    topicLengthBytes +
    message.body.length +
    message.topicBytes.length +
    message.propertiesBytes.length
  )
}

/**
 * Why a message cannot be written as a record, or undefined when it can. Check this before giving the message a queue
 * offset: a record that fails half-way would leave a gap.
 */
export function recordProblem(message: MessageToStore): string | undefined {
  const { topicBytes, propertiesBytes, bornHost, storeHost, queueId, sysFlag: flags } = message
  if (propertiesBytes.length > propertiesBytesMax) {
    return `the properties of a message take at most ${propertiesBytesMax} bytes, these take ${propertiesBytes.length}`
  }
  if (topicBytes.length > topicBytesMaxV2) {
    return `the name of a topic takes at most ${topicBytesMaxV2} bytes, this one takes ${topicBytes.length}`
  }
  if (!isHost(bornHost) || !isHost(storeHost)) {
    return `a host takes 8 or 20 bytes with its port, these take ${bornHost.length} and ${storeHost.length}`
  }
  if ((queueId | 0) !== queueId || queueId < 0) return `${queueId} is no queue: use 0 to ${0x7fffffff}`
  if ((flags | 0) !== flags || (message.flag | 0) !== message.flag) {
    return `flag ${message.flag} and sysFlag ${flags} have to be integers of 32 bits`
  }
  return undefined
}

function isHost({ length }: Buffer): boolean {
  return length === 8 || length === 20
}

/** CRC32 of a body without its sign bit, as records carry it. */
export function bodyCrc(body: Uint8Array): number {
  return crc32(body) & 0x7fffffff
}

/** Longer runs of bytes are copied by Buffer's native code, which costs a call. */
const loopBytesMax = 24

/**
 * Copies bytes for which there is room.
 * @returns the position behind them
 */
function putBytes(target: Buffer, source: Buffer, position: number): number {
  const { length } = source
  if (length > loopBytesMax) target.set(source, position)
  else for (let at = 0; at < length; at++) target[position + at] = source[at]!
  return position + length
}

/** Writes a 64-bit integer that is a safe integer, for which there is room. */
export function writeInt64(target: Buffer, value: number, position: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  putInt32(target, high | 0, position)
  putInt32(target, (value - high * 0x1_0000_0000) | 0, position + 4)
}

/** Reads a 64-bit integer; beyond 2^53 the nearest number. */
export function readInt64(source: Buffer, position: number): number {
  return source.readInt32BE(position) * 0x1_0000_0000 + source.readUInt32BE(position + 4)
}

/** The sysFlag that a record of the message holds: the bits for IPv6 hosts follow from the hosts. */
export function recordSysFlag({ sysFlag: flags, bornHost, storeHost }: MessageToStore): number {
  const hostFlags =
    (bornHost.length === 20 ? sysFlag.bornHostV6 : 0) | (storeHost.length === 20 ? sysFlag.storeHostV6 : 0)
  return (flags & ~(sysFlag.bornHostV6 | sysFlag.storeHostV6)) | hostFlags
}

/**
 * Writes the record into `target` at `position`, where it needs `totalSize` = `recordBytes(message)` bytes of room. It
 * does not throw for a message without a `recordProblem`.
 * @param physicalOffset where the record will stand in the log
 */
export function writeRecord(
  target: Buffer,
  position: number,
  totalSize: number,
  message: MessageToStore,
  queueOffset: number,
  physicalOffset: number,
  storeTimestamp: number,
): void {
  const { topicBytes, body, propertiesBytes, bornHost, storeHost } = message
  const isV2 = topicBytes.length > topicBytesMaxV1
  let at = position
  at = putInt32(target, totalSize, at)
  at = putInt32(target, isV2 ? recordMagic.v2 : recordMagic.v1, at)
  at = putInt32(target, bodyCrc(body), at)
  at = putInt32(target, message.queueId, at)
  at = putInt32(target, message.flag, at)
  writeInt64(target, queueOffset, at)
  writeInt64(target, physicalOffset, at + 8)
  at = putInt32(target, recordSysFlag(message), at + 16)
  writeInt64(target, message.bornTimestamp, at)
  at += 8
  at = putBytes(target, bornHost, at)
  writeInt64(target, storeTimestamp, at)
  at += 8
  at = putBytes(target, storeHost, at)
  at = putInt32(target, message.reconsumeTimes, at)
  writeInt64(target, message.preparedTransactionOffset, at)
  at = putInt32(target, body.length, at + 8)
  at = putBytes(target, body, at)
  at = isV2 ? target.writeInt16BE(topicBytes.length, at) : target.writeInt8(topicBytes.length, at)
  at = putBytes(target, topicBytes, at)
  at = target.writeInt16BE(propertiesBytes.length, at)
  putBytes(target, propertiesBytes, at)
}

export function writeBlankRecord(target: Buffer, position: number, remainingBytes: number): void {
  target.writeInt32BE(remainingBytes, position)
  target.writeInt32BE(recordMagic.blank, position + 4)
}
