import type { ExtFields } from '../header-codec.ts'
import { putAscii, putBytes, putNumber, putString, stringBytesMax } from '../json/put-json.ts'
import { FrameError } from './frame-error.ts'
import type { OutgoingCommand } from './outgoing-command.ts'
import { ownLanguage, protocolVersion, type RemotingCommand } from './remoting-command.ts'

/**
 * Reads the header {code, language, version, opaque, flag, remark?, extFields?}; unknown keys are ignored. Fields that
 * are numbers or booleans are taken as their text.
 * @throws FrameError when it is not such an object
 */
export function decodeJsonHeader(header: string, body: Buffer | undefined): RemotingCommand {
  let parsed: Partial<RemotingCommand> | null
  try {
    parsed = JSON.parse(header)
  } catch {
    throw new FrameError(`the header is not JSON: ${header.slice(0, 80)}`)
  }
  if (parsed === null || typeof parsed !== 'object' || typeof parsed.code !== 'number') {
    throw new FrameError('the JSON header has no code')
  }
  return {
    code: int32(parsed.code, 'code'),
    language: typeof parsed.language === 'string' ? parsed.language : ownLanguage,
    version: int32(parsed.version, 'version'),
    opaque: int32(parsed.opaque, 'opaque'),
    flag: int32(parsed.flag, 'flag'),
    remark: typeof parsed.remark === 'string' ? parsed.remark : undefined,
    extFields: textFields(parsed.extFields),
    body,
    serializeType: 'JSON',
  }
}

/** 0 for what is no number, as where it is absent. */
function int32(value: unknown, name: string): number {
  if (typeof value !== 'number') return 0
  const number = value | 0
  if (number !== value) throw new FrameError(`${name} of the JSON header is ${value}, it must be a 32-bit integer`)
  return number
}

function textFields(fields: unknown): ExtFields | undefined {
  if (fields === undefined || fields === null) return undefined
  if (typeof fields !== 'object' || Array.isArray(fields)) {
    throw new FrameError('extFields of the JSON header is not an object')
  }
  const extFields = fields as ExtFields
  // Nearly always every field is text already, and nothing is copied.
  for (const name in extFields) if (typeof extFields[name] !== 'string') return convertedFields(extFields)
  return extFields
}

function convertedFields(fields: Readonly<Record<string, unknown>>): ExtFields {
  // Without a prototype: a field may be named __proto__.
  const extFields: ExtFields = Object.create(null)
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue
    if (typeof value === 'object') throw new FrameError(`the field ${name.slice(0, 80)} of the JSON header is not text`)
    extFields[name] = String(value)
  }
  return extFields
}

const envelopeBytesMax = 160

/** Room that `writeJsonHeader` needs at the most, in bytes. */
export function jsonHeaderBytesMax<Header>(command: OutgoingCommand<Header>): number {
  const { remark, header, codec, extFields } = command
  let room = envelopeBytesMax + (remark === undefined ? 0 : stringBytesMax(remark))
  if (header !== undefined && codec !== undefined) return room + codec.jsonBytesMax(header)
  for (const name in extFields) room += stringBytesMax(name) + stringBytesMax(extFields[name]!) + 2
  return room
}

/** The constant parts of a header. */
const parts = {
  code: Buffer.from('{"code":'),
  extFields: Buffer.from(',"extFields":{'),
  extFieldsEnd: Buffer.from('}'),
  flag: Buffer.from(',"flag":'),
  languageAndOpaque: Buffer.from(`,"language":"${ownLanguage}","opaque":`),
  remark: Buffer.from(',"remark":'),
  typeAndVersion: Buffer.from(`,"serializeTypeCurrentRPC":"JSON","version":${protocolVersion}}`),
}

/**
 * Writes the header of a command as JSON.
 * @returns the position behind it
 */
export function writeJsonHeader<Header>(target: Buffer, position: number, command: OutgoingCommand<Header>): number {
  const { remark, header, codec, extFields } = command
  let at = putBytes(target, position, parts.code)
  at = putNumber(target, at, command.code)
  const hasHeader = header !== undefined && codec !== undefined
  if (hasHeader || extFields !== undefined) {
    at = putBytes(target, at, parts.extFields)
    at = hasHeader ? codec.writeJson(target, at, header) : putFields(target, at, extFields!)
    at = putBytes(target, at, parts.extFieldsEnd)
  }
  at = putBytes(target, at, parts.flag)
  at = putNumber(target, at, command.flag)
  at = putBytes(target, at, parts.languageAndOpaque)
  at = putNumber(target, at, command.opaque)
  if (remark !== undefined) {
    at = putBytes(target, at, parts.remark)
    at = putString(target, at, remark)
  }
  return putBytes(target, at, parts.typeAndVersion)
}

/** Writes fields without braces, as codecs do. */
function putFields(target: Buffer, position: number, fields: ExtFields): number {
  let at = position
  for (const name in fields) {
    if (at > position) at = putAscii(target, at, ',')
    at = putAscii(target, putString(target, at, name), ':')
    at = putString(target, at, fields[name]!)
  }
  return at
}
