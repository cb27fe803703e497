import { decimalInteger } from '../decimal-integer.ts'
import type { ExtFields } from '../header-codec.ts'
import { JsonError, type JsonObject, shown, stringifyStandard } from '../json/index.ts'
import { putAscii, putBytes, putNumber, putString, stringBytesMax } from '../json/put-json.ts'
import { parseTolerant } from '../json/tolerant-parser.ts'
import { FrameError } from './frame-error.ts'
import type { OutgoingCommand } from './outgoing-command.ts'
import { answerLanguage, flags, protocolVersion, type RemotingCommand, requestLanguage } from './remoting-command.ts'

/** A header of a client has two objects, one in the other. */
const depthMax = 128

/** What is read of a header, before anything of it is checked. */
type ParsedHeader = Readonly<Record<string, unknown>>

/**
 * Reads the header {code, language, version, opaque, flag, remark?, extFields?}; unknown keys are ignored. As the Java
 * peers do, it accepts a comma before a closing brace, single quotes, NUL as a blank, and numbers as text. Fields that
 * are numbers, booleans or objects are taken as their text.
 * @throws FrameError when it is not such an object, or a number of it is no decimal integer of 32 bits
 */
export function decodeJsonHeader(header: string, body: Buffer | undefined): RemotingCommand {
  const { code, language, version, opaque, flag, remark, extFields } = parsedHeader(header)
  return {
    code: int32(code, 'code'),
    language: typeof language === 'string' ? language : answerLanguage,
    version: int32(version, 'version'),
    opaque: int32(opaque, 'opaque'),
    flag: int32(flag, 'flag'),
    remark: typeof remark === 'string' ? remark : undefined,
    extFields: textFields(extFields, header),
    body,
    serializeType: 'JSON',
  }
}

function parsedHeader(header: string): ParsedHeader {
  let parsed: unknown
  try {
    parsed = JSON.parse(header)
  } catch {
    parsed = tolerantlyParsed(header)
  }
  if (isObject(parsed)) return parsed
  throw new FrameError('the JSON header is not an object')
}

function tolerantlyParsed(header: string): unknown {
  try {
    return parseTolerant(header, depthMax)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new FrameError(`the header is not JSON: ${error.message}`)
  }
}

/** Not a list, and no keys that are objects. */
function isObject(value: unknown): value is ParsedHeader {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map)
}

/** 0 for an absent number; null and empty text count as absent too, as the Java peers write them. */
function int32(value: unknown, name: string): number {
  if (value === undefined || value === null || value === '' || value === 'null') return 0
  const number = typeof value === 'string' ? decimalInteger(value) : value
  if (typeof number === 'number' && (number | 0) === number) return number
  throw new FrameError(`${name} of the JSON header is ${shown(value)}, it must be a 32-bit integer`)
}

function textFields(fields: unknown, header: string): ExtFields | undefined {
  if (fields === undefined || fields === null) return undefined
  if (!isObject(fields)) throw new FrameError('extFields of the JSON header is not an object')
  // Nearly always every field is text already, and nothing is copied.
  for (const name in fields) if (typeof fields[name] !== 'string') return convertedFields(fields, header)
  return fields as ExtFields
}

function convertedFields(fields: ParsedHeader, header: string): ExtFields {
  // Without a prototype: a field may be named __proto__.
  const extFields: ExtFields = Object.create(null)
  let again: JsonObject | undefined
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue
    if (typeof value !== 'object') {
      extFields[name] = String(value)
    } else {
      // `JSON.parse` has no limit for nested objects: an object that is converted to text is parsed with one.
      again ??= (tolerantlyParsed(header) as { extFields: JsonObject }).extFields
      extFields[name] = stringifyStandard(again[name])
    }
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
  requestLanguageAndOpaque: Buffer.from(`,"language":"${requestLanguage}","opaque":`),
  answerLanguageAndOpaque: Buffer.from(`,"language":"${answerLanguage}","opaque":`),
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
  const isRequest = (command.flag & flags.response) === 0
  at = putBytes(target, at, isRequest ? parts.requestLanguageAndOpaque : parts.answerLanguageAndOpaque)
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
