import type { AnyCommand, RemotingCommand } from '@rocketmq-ts/protocol'
import type { Call, RemotingConnection, Reply } from '@rocketmq-ts/remoting'

/** A request whose answer goes through a function first. */
export class AnsweringCall<C extends AnyCommand> implements Call<C> {
  readonly answer: (reply: Reply<C>) => void
  readonly #call: Call<C>

  constructor(call: Call<C>, answer: (reply: Reply<C>) => void) {
    this.#call = call
    this.answer = answer
  }

  get connection(): RemotingConnection {
    return this.#call.connection
  }

  get request(): RemotingCommand {
    return this.#call.request
  }

  get body(): Buffer {
    return this.#call.body
  }

  get isOneWay(): boolean {
    return this.#call.isOneWay
  }

  fail(error: unknown): void {
    this.#call.fail(error)
  }
}
