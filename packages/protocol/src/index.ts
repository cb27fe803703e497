export * from './bodies/index.ts'
export * from './commands/index.ts'
export { decimalInteger } from './decimal-integer.ts'
export {
  type AnyCommand,
  type Command,
  defineCommand,
  type RequestOf,
  type ResponseOf,
  type Role,
} from './define-command.ts'
export * from './frame/index.ts'
export type { ExtFields, HeaderCodec } from './header-codec.ts'
export * from './json/index.ts'
export * from './message/index.ts'
export { ProtocolError } from './protocol-error.ts'
export { type ResponseCodeName, responseCodeName, responseCodes } from './response-codes.ts'
export * from './static-topics/index.ts'
export * from './text/index.ts'
