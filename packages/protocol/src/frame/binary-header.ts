import type { ExtFields } from '../header-codec.ts'
import { FrameError } from './frame-error.ts'
import { languages, ownLanguage, protocolVersion, type RemotingCommand } from './remoting-command.ts'

const fixedBytes = 2 + 1 + 2 + 4 + 4 + 4 + 4

/**
 * The ROCKETMQ header, big-endian:
 *
 *     code 2 | language 1 | version 2 | opaque 4 | flag 4 | remarkLength 4 | remark
 *     | extLength 4 | (keyLength 2 | key | valueLength 4 | value)*
 *
 * @throws FrameError when a length leads outside of the header
 */
export function decodeBinaryHeader(header: Buffer, body: Buffer | undefined): RemotingCommand {
  if (header.length < fixedBytes) throw new FrameError(`a ROCKETMQ header of ${header.length} bytes is too short`)
  const remarkLength = header.readInt32BE(13)
  if (remarkLength < 0 || remarkLength > header.length - fixedBytes) {
    throw new FrameError(`a remark of ${remarkLength} bytes does not fit into the header`)
  }
  const extStart = 17 + remarkLength
  const extLength = header.readInt32BE(extStart)
  if (extLength < 0 || extLength > header.length - extStart - 4) {
    throw new FrameError(`extFields of ${extLength} bytes do not fit into the header`)
  }
  return {
    code: header.readInt16BE(0),
    language: languages[header.readUInt8(2)] ?? ownLanguage,
    version: header.readInt16BE(3),
    opaque: header.readInt32BE(5),
    flag: header.readInt32BE(9),
    remark: remarkLength === 0 ? undefined : header.toString('utf8', 17, extStart),
    extFields: extLength === 0 ? undefined : decodeExtFields(header.subarray(extStart + 4, extStart + 4 + extLength)),
    body,
    serializeType: 'ROCKETMQ',
  }
}

function decodeExtFields(bytes: Buffer): ExtFields {
  // Without a prototype: a field may be named __proto__.
  const extFields: ExtFields = Object.create(null)
  let position = 0
  const take = (length: number): Buffer => {
    if (length < 0 || length > bytes.length - position) throw new FrameError('a field of the header is longer than it')
    const part = bytes.subarray(position, position + length)
    position += length
    return part
  }
  while (position < bytes.length) {
    const key = take(take(2).readInt16BE(0)).toString('utf8')
    extFields[key] = take(take(4).readInt32BE(0)).toString('utf8')
  }
  return extFields
}

export function encodeBinaryHeader(
  code: number,
  opaque: number,
  flag: number,
  remark: string | undefined,
  extFields: ExtFields | undefined,
): Buffer {
  const remarkBytes = Buffer.from(remark ?? '', 'utf8')
  const entries = Object.entries(extFields ?? {}).map(
    ([key, value]) => [Buffer.from(key, 'utf8'), Buffer.from(value, 'utf8')] as const,
  )
  const extLength = entries.reduce((sum, [key, value]) => sum + 6 + key.length + value.length, 0)
  const header = Buffer.allocUnsafe(fixedBytes + remarkBytes.length + extLength)
  // Codes beyond a short are cut, as official peers do: such commands need the JSON header.
  header.writeInt16BE((code << 16) >> 16, 0)
  header.writeUInt8(languages.indexOf(ownLanguage), 2)
  header.writeInt16BE(protocolVersion, 3)
  header.writeInt32BE(opaque, 5)
  header.writeInt32BE(flag, 9)
  header.writeInt32BE(remarkBytes.length, 13)
  let position = 17 + remarkBytes.copy(header, 17)
  position = header.writeInt32BE(extLength, position)
  for (const [key, value] of entries) {
    position = header.writeInt16BE(key.length, position)
    position += key.copy(header, position)
    position = header.writeInt32BE(value.length, position)
    position += value.copy(header, position)
  }
  return header
}
