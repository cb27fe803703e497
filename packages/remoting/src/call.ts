import type { AnyCommand, RemotingCommand } from '@rocketmq-ts/protocol'
import type { RemotingConnection } from './remoting-connection.ts'
import type { Reply } from './reply.ts'

/** A request that is being handled. */
export interface Call<C extends AnyCommand = AnyCommand> {
  readonly connection: RemotingConnection
  readonly request: RemotingCommand
  /** The body, empty when the frame has none. It is a part of the receive buffer: copy what has to stay. */
  readonly body: Buffer
  readonly isOneWay: boolean
  /** Answers a request whose handler returned `answeredLater`; ignored for one-way requests. */
  answer(reply: Reply<C>): void
  /** Answers with the failure; see `replyToError`. */
  fail(error: unknown): void
}
