import type { ExtFields } from '../header-codec.ts'
import { FrameError } from './frame-error.ts'
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

/** @param fieldsJson the inside of the extFields object; undefined leaves extFields out */
export function encodeJsonHeader(
  code: number,
  opaque: number,
  flag: number,
  remark: string | undefined,
  fieldsJson: string | undefined,
): string {
  const ext = fieldsJson === undefined ? '' : `"extFields":{${fieldsJson}},`
  const remarkJson = remark === undefined ? '' : `"remark":${JSON.stringify(remark)},`
  return `{"code":${code},${ext}"flag":${flag},"language":"${ownLanguage}","opaque":${opaque},${remarkJson}"serializeTypeCurrentRPC":"JSON","version":${protocolVersion}}`
}
