import type { Fields, HeaderOf } from './fields.ts'
import { compileHeaderCodec, type HeaderCodec } from './header-codec.ts'

/** Who sends or answers a command. */
export type Role = 'client' | 'admin' | 'broker' | 'name-server' | 'controller' | 'proxy'

export interface CommandDeclaration<
  Name extends string,
  To extends Role,
  RequestFields extends Fields,
  ResponseFields extends Fields,
> {
  /** The request code on the wire. */
  readonly code: number
  /** RocketMQ's name of the code. */
  readonly name: Name
  readonly from: readonly Role[]
  readonly to: readonly To[]
  readonly request: RequestFields
  readonly response: ResponseFields
  /** Names on the wire where they differ from the logical names of request fields. */
  readonly requestWireNames?: Readonly<Record<string, string>>
  /** What the bodies hold, for readers and for the table in the docs. */
  readonly requestBody?: string
  readonly responseBody?: string
}

export interface Command<
  Name extends string = string,
  To extends Role = Role,
  RequestFields extends Fields = Fields,
  ResponseFields extends Fields = Fields,
> extends CommandDeclaration<Name, To, RequestFields, ResponseFields> {
  readonly requestCodec: HeaderCodec<HeaderOf<RequestFields>>
  readonly responseCodec: HeaderCodec<HeaderOf<ResponseFields>>
}

// biome-ignore lint/suspicious/noExplicitAny: stands for a command of whatever fields
export type AnyCommand = Command<string, Role, any, any>
export type RequestOf<C extends AnyCommand> = HeaderOf<C['request']>
export type ResponseOf<C extends AnyCommand> = HeaderOf<C['response']>

/** Declares a command once; its types and codecs follow from the declaration. */
export function defineCommand<
  const Name extends string,
  const To extends Role,
  const RequestFields extends Fields,
  const ResponseFields extends Fields,
>(
  declaration: CommandDeclaration<Name, To, RequestFields, ResponseFields>,
): Command<Name, To, RequestFields, ResponseFields> {
  let requestCodec: HeaderCodec<HeaderOf<RequestFields>> | undefined
  let responseCodec: HeaderCodec<HeaderOf<ResponseFields>> | undefined
  return {
    ...declaration,
    // Compiled at the first use: a process uses few of all the commands, and the start must be quick.
    get requestCodec() {
      requestCodec ??= compileHeaderCodec(declaration.request, declaration.requestWireNames)
      return requestCodec
    },
    get responseCodec() {
      responseCodec ??= compileHeaderCodec(declaration.response)
      return responseCodec
    },
  }
}
