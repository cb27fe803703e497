import type { ExtFields } from '../header-codec.ts'

/** The form of a frame's header. Both sides accept either form in any frame. */
export type SerializeType = 'JSON' | 'ROCKETMQ'

const responseFlag = 1
const oneWayFlag = 2

/** One request or response, as it is framed on the wire. */
export interface RemotingCommand {
  /** Request code, or response code in a response. */
  code: number
  language: string
  /** Ordinal of RocketMQ's version list. */
  version: number
  /** Correlation id: a response carries its request's. */
  opaque: number
  /** Bit 0: response; bit 1: one-way, nobody answers. */
  flag: number
  remark: string | undefined
  extFields: ExtFields | undefined
  body: Buffer | undefined
  serializeType: SerializeType
}

export function isResponse(command: RemotingCommand): boolean {
  return (command.flag & responseFlag) !== 0
}

export function isOneWay(command: RemotingCommand): boolean {
  return (command.flag & oneWayFlag) !== 0
}

export const flags = { response: responseFlag, oneWay: oneWayFlag } as const

/** The version that we tell peers: that of RocketMQ 5.5.0, whose behaviour we follow. */
export const protocolVersion = 513
export const protocolVersionName = 'V5_5_0'

/** Languages by their code in a ROCKETMQ header. */
export const languages = [
  'JAVA',
  'CPP',
  'DOTNET',
  'PYTHON',
  'DELPHI',
  'ERLANG',
  'RUBY',
  'OTHER',
  'HTTP',
  'GO',
  'PHP',
  'OMS',
  'RUST',
  'NODE_JS',
] as const

/** Of requests. Brokers show it with the members of groups; those before 5.3.2 do not know it and show none. */
export const requestLanguage = 'NODE_JS'
/** Of answers, and of peers that tell none: every version of every client knows it. */
export const answerLanguage = 'OTHER'
