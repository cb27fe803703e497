import type { ExtFields } from '../header-codec.ts'
import { FrameError } from './frame-error.ts'
import { ownLanguage, protocolVersion, type RemotingCommand } from './remoting-command.ts'

/**
 * Reads the header {code, language, version, opaque, flag, remark?, extFields?}; unknown keys are ignored.
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
  const { extFields } = parsed
  if (extFields !== undefined && extFields !== null && typeof extFields !== 'object') {
    throw new FrameError('extFields of the JSON header is not an object')
  }
  return {
    code: parsed.code,
    language: typeof parsed.language === 'string' ? parsed.language : ownLanguage,
    version: typeof parsed.version === 'number' ? parsed.version : 0,
    opaque: typeof parsed.opaque === 'number' ? parsed.opaque : 0,
    flag: typeof parsed.flag === 'number' ? parsed.flag : 0,
    remark: typeof parsed.remark === 'string' ? parsed.remark : undefined,
    extFields: (extFields ?? undefined) as ExtFields | undefined,
    body,
    serializeType: 'JSON',
  }
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
