import type {
  AnyCommand,
  ExtFields,
  FrameBody,
  RemotingCommand,
  ResponseCodeName,
  ResponseOf,
} from '@rocketmq-ts/protocol'
import type { RemotingConnection } from './remoting-connection.ts'

/** A request that is being handled. */
export interface Call<C extends AnyCommand = AnyCommand> {
  readonly connection: RemotingConnection
  readonly request: RemotingCommand
  /** The body, empty when the frame has none. It is part of the receive buffer: copy it to keep it. */
  readonly body: Buffer
  readonly isOneWay: boolean
  /** Answers a request whose handler returned `answeredLater`; ignored for one-way requests. */
  answer(reply: Reply<C>): void
  /** Answers with an error; see `replyToError`. */
  fail(error: unknown): void
}

/** The answer of a handler; without a code, SUCCESS. */
export interface Reply<C extends AnyCommand = AnyCommand> {
  code?: ResponseCodeName
  remark?: string
  header?: ResponseOf<C>
  /** For headers that are not declared, such as the empty one. */
  extFields?: ExtFields
  body?: FrameBody
}

/** Returned by a handler that answers by `call.answer` later, or never because the request is one-way. */
export const answeredLater = Symbol('answeredLater')
