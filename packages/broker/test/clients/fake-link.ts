import type { AnyCommand, FrameBody, RemotingCommand, RequestOf } from '@rocketmq-ts/protocol'
import type { ClientLink } from '../../src/clients/index.ts'

export interface ToldCommand {
  code: number
  header: Record<string, unknown>
  body: Buffer | undefined
}

let linkCount = 0

/** A connection to a client that keeps what it is told, and answers what it is asked by a function. */
export class FakeLink implements ClientLink {
  readonly id = ++linkCount
  readonly remoteAddress = `127.0.0.1:${40_000 + this.id}`
  readonly told: ToldCommand[] = []
  readonly asked: ToldCommand[] = []
  readonly attributes = new Map<symbol, unknown>()
  isClosed = false
  #takesAnswers = true
  #waiters: (() => void)[] = []
  answer: (asked: ToldCommand) => Promise<Partial<RemotingCommand>> = () => Promise.reject(new Error('not asked for'))

  tell<C extends AnyCommand>(command: C, header: RequestOf<C>, body?: FrameBody): void {
    this.told.push(record(command, header, body))
  }

  async invoke<C extends AnyCommand>(
    command: C,
    header: RequestOf<C>,
    options: { body?: FrameBody | undefined; timeoutMs: number },
  ): Promise<RemotingCommand> {
    const asked = record(command, header, options.body)
    this.asked.push(asked)
    return response(await this.answer(asked))
  }

  destroy(): void {
    this.isClosed = true
    this.takeAnswers()
  }

  whenTaking(callback: () => void): void {
    if (!this.#takesAnswers && !this.isClosed) this.#waiters.push(callback)
    else callback()
  }

  takesAnswer(): boolean {
    return this.#takesAnswers
  }

  pauseAnswers(): void {
    this.#takesAnswers = false
  }

  /** It takes answers again, or has ended. */
  takeAnswers(): void {
    this.#takesAnswers = true
    for (const callback of this.#waiters.splice(0)) callback()
  }

  /** Groups that the client was told to divide anew, since the last call. */
  takeNotices(): unknown[] {
    return this.told.splice(0).map(({ code, header }) => (code === 40 ? header.consumerGroup : code))
  }
}

function record(command: AnyCommand, header: object, body: FrameBody | undefined): ToldCommand {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.concat([...body])
  return { code: command.code, header: { ...header }, body: bytes }
}

export function response(changes: Partial<RemotingCommand> = {}): RemotingCommand {
  return {
    code: 0,
    language: 'JAVA',
    version: 513,
    opaque: 1,
    flag: 1,
    remark: undefined,
    extFields: undefined,
    body: undefined,
    serializeType: 'JSON',
    ...changes,
  }
}
