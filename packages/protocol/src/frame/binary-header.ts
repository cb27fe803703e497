import type { ExtFields } from '../header-codec.ts'
import { putInt16, putInt32, putUtf8, utf8BytesMax } from '../put-bytes.ts'
import { FrameError } from './frame-error.ts'
import type { OutgoingCommand } from './outgoing-command.ts'
import {
  answerLanguage,
  flags,
  languages,
  protocolVersion,
  type RemotingCommand,
  requestLanguage,
} from './remoting-command.ts'

/**
 * Where the parts of a ROCKETMQ header begin, which is big-endian:
 *
 *     code 2 | language 1 | version 2 | opaque 4 | flag 4 | remarkLength 4 | remark
 *     | extLength 4 | (keyLength 2 | key | valueLength 4 | value)*
 */
export const binaryHeaderLayout = {
  languageStart: 2,
  versionStart: 3,
  opaqueStart: 5,
  flagStart: 9,
  remarkLengthStart: 13,
  remarkStart: 17,
  /** Of a header without remark and fields. */
  fixedBytes: 21,
} as const
export const keyLengthBytes = 2
export const valueLengthBytes = 4

const { languageStart, versionStart, opaqueStart, flagStart, remarkLengthStart, remarkStart, fixedBytes } =
  binaryHeaderLayout
const extLengthBytes = 4
const requestLanguageCode = languages.indexOf(requestLanguage)
const answerLanguageCode = languages.indexOf(answerLanguage)

/**
 * Reads a ROCKETMQ header at [start, end) of `bytes`.
 * @throws FrameError when a length leads outside of the header
 */
export function decodeBinaryHeader(
  bytes: Buffer,
  start: number,
  end: number,
  body: Buffer | undefined,
): RemotingCommand {
  const headerBytes = end - start
  if (headerBytes < fixedBytes) throw new FrameError(`a ROCKETMQ header of ${headerBytes} bytes is too short`)
  const remarkBytes = bytes.readInt32BE(start + remarkLengthStart)
  if (remarkBytes < 0 || remarkBytes > headerBytes - fixedBytes) {
    throw new FrameError(`a remark of ${remarkBytes} bytes does not fit into the header`)
  }
  const extLengthStart = start + remarkStart + remarkBytes
  const extStart = extLengthStart + extLengthBytes
  const extBytes = bytes.readInt32BE(extLengthStart)
  if (extBytes < 0 || extBytes > end - extStart) {
    throw new FrameError(`extFields of ${extBytes} bytes do not fit into the header`)
  }
  return {
    code: bytes.readInt16BE(start),
    language: languages[bytes.readUInt8(start + languageStart)] ?? answerLanguage,
    version: bytes.readInt16BE(start + versionStart),
    opaque: bytes.readInt32BE(start + opaqueStart),
    flag: bytes.readInt32BE(start + flagStart),
    remark: remarkBytes === 0 ? undefined : bytes.toString('utf8', start + remarkStart, extLengthStart),
    extFields: extBytes === 0 ? undefined : decodeExtFields(bytes, extStart, extStart + extBytes),
    body,
    serializeType: 'ROCKETMQ',
  }
}

function decodeExtFields(bytes: Buffer, start: number, end: number): ExtFields {
  // Without a prototype: a field may be named __proto__.
  const extFields: ExtFields = Object.create(null)
  eachField(bytes, start, end, (keyStart, keyEnd, valueStart, valueEnd) => {
    extFields[bytes.toString('utf8', keyStart, keyEnd)] = bytes.toString('utf8', valueStart, valueEnd)
  })
  return extFields
}

/**
 * Tells where the names and values of fields stand.
 * @throws FrameError when a length leads behind `end`
 */
export function eachField(
  bytes: Buffer,
  start: number,
  end: number,
  visit: (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void,
): void {
  let position = start
  const take = (byteCount: number): number => {
    const from = position
    if (byteCount < 0 || byteCount > end - from) throw new FrameError('a field of the header is longer than it')
    position += byteCount
    return from
  }
  while (position < end) {
    const keyStart = take(bytes.readInt16BE(take(keyLengthBytes)))
    const keyEnd = position
    const valueStart = take(bytes.readInt32BE(take(valueLengthBytes)))
    visit(keyStart, keyEnd, valueStart, position)
  }
}

/** Room that `writeBinaryHeader` needs at the most, in bytes. */
export function binaryHeaderBytesMax<Header>(command: OutgoingCommand<Header>): number {
  const { remark, header, codec, extFields } = command
  let room: number = fixedBytes + (remark === undefined ? 0 : utf8BytesMax(remark))
  if (header !== undefined && codec !== undefined) return room + codec.binaryBytesMax(header)
  for (const name in extFields) {
    room += keyLengthBytes + valueLengthBytes + utf8BytesMax(name) + utf8BytesMax(extFields[name]!)
  }
  return room
}

/**
 * Writes the header of a command in the ROCKETMQ form.
 * @returns the position behind it
 */
export function writeBinaryHeader<Header>(target: Buffer, position: number, command: OutgoingCommand<Header>): number {
  const { code, opaque, flag, remark, header, codec, extFields } = command
  // Codes beyond a short are cut, as official peers do: such commands need the JSON header.
  putInt16(target, code, position)
  target[position + languageStart] = (flag & flags.response) === 0 ? requestLanguageCode : answerLanguageCode
  putInt16(target, protocolVersion, position + versionStart)
  putInt32(target, opaque, position + opaqueStart)
  putInt32(target, flag, position + flagStart)
  const remarkEnd = remark === undefined ? position + remarkStart : putUtf8(target, position + remarkStart, remark)
  putInt32(target, remarkEnd - position - remarkStart, position + remarkLengthStart)
  const extStart = remarkEnd + extLengthBytes
  const hasHeader = header !== undefined && codec !== undefined
  const end = hasHeader ? codec.writeBinary(target, extStart, header) : putFields(target, extStart, extFields)
  putInt32(target, end - extStart, remarkEnd)
  return end
}

function putFields(target: Buffer, position: number, fields: ExtFields | undefined): number {
  let at = position
  for (const name in fields) {
    const keyEnd = putUtf8(target, at + keyLengthBytes, name)
    putInt16(target, keyEnd - at - keyLengthBytes, at)
    at = putUtf8(target, keyEnd + valueLengthBytes, fields[name]!)
    putInt32(target, at - keyEnd - valueLengthBytes, keyEnd)
  }
  return at
}
