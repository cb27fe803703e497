import type { Clock, Random } from '@rocketmq-ts/platform'
import { type AnyCommand, type RemotingCommand, type RequestOf, responseCodes } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { backoffMs, defaultBackoff } from '../calls/retrying.ts'
import { answerError, type FailurePlace, type RocketMQError, readAnswer } from '../rocketmq-error.ts'
import type { Connections } from './connections.ts'
import type { NameServerList } from './name-server-list.ts'

export interface NameServersOptions {
  readonly list: NameServerList
  readonly connections: Pick<Connections, 'ask'>
  readonly clock: Clock
  readonly random: Random
  /** Milliseconds for the answer of one of them. */
  readonly attemptTimeoutMs: number
}

/** What one of several name servers says. */
export interface NameServerAnswer<Told = unknown> {
  readonly address: string
  readonly answer?: Told
  /** Why there is no answer. */
  readonly error?: RocketMQError | undefined
}

/** Several name servers, any of which may be gone. One is asked for as long as it answers. */
export class NameServers {
  readonly #options: NameServersOptions
  /** The one that answered last. */
  #current: string | undefined

  constructor(options: NameServersOptions) {
    this.#options = options
  }

  /** `host:port` of those that are known. */
  get addresses(): readonly string[] {
    return this.#options.list.known
  }

  /** Resolves when a name server answers with SUCCESS. @throws RocketMQError */
  ask<C extends AnyCommand>(command: C, header: RequestOf<C>, deadline: Deadline): Promise<void> {
    return this.read(command, header, deadline, () => undefined)
  }

  /**
   * What the first name server says that has an answer: SUCCESS. One that does not know the topic may have been started
   * just now, so that the others are asked as well before TOPIC_NOT_EXIST counts. Of one whose answer cannot be read the
   * others are asked as well.
   * @param read throws when it cannot read the answer
   * @throws RocketMQError, TOPIC_NOT_EXIST and INVALID_ANSWER among them
   */
  async read<C extends AnyCommand, Told>(
    command: C,
    header: RequestOf<C>,
    deadline: Deadline,
    read: (answer: RemotingCommand) => Told,
    place: FailurePlace = {},
  ): Promise<Told> {
    const { list, connections, random, attemptTimeoutMs } = this.#options
    let attempts = 0
    for (let round = 1; ; round++) {
      let unknown: RocketMQError | undefined
      let failure: RocketMQError | undefined
      let unreadable: RocketMQError | undefined
      const addresses = await list.current(deadline).catch((error: RocketMQError) => {
        failure = error
        return []
      })
      if (addresses.length === 0) attempts++
      const first = this.#first(addresses)
      for (let tried = 0; tried < addresses.length; tried++) {
        deadline.check()
        const index = (first + tried) % addresses.length
        const address = addresses[index]!
        attempts++
        try {
          const timeoutMs = Math.min(attemptTimeoutMs, Math.max(1, deadline.leftMs))
          const answer = await deadline.unlessAborted(connections.ask(address, { command, header, timeoutMs }))
          if (answer.code === responseCodes.SUCCESS.code) {
            const told = readAnswer(command.name, { ...place, broker: address }, () => read(answer))
            this.#current = address
            return told
          }
          const error = answerError(command.name, answer, { ...place, broker: address })
          if (error.code === 'TOPIC_NOT_EXIST') unknown ??= error
          else failure = error
        } catch (error) {
          const { code } = error as RocketMQError
          if (code === 'ABORTED' || code === 'CLOSED') throw error
          if (code === 'INVALID_ANSWER') unreadable = error as RocketMQError
          else failure = error as RocketMQError
        }
      }
      // Of those that could be reached none knows the topic.
      if (unknown !== undefined && unreadable === undefined) throw unknown
      failure ??= unreadable
      list.doubt()
      const waitMs = backoffMs(defaultBackoff, round, random)
      if (failure !== undefined && (!failure.retryable || waitMs >= deadline.leftMs)) {
        failure.attempts = attempts
        throw failure
      }
      await deadline.pause(waitMs)
    }
  }

  /** Asks each name server to do something, in the order of the list: the error of those that do not say SUCCESS. */
  async askEach<C extends AnyCommand>(
    command: C,
    header: RequestOf<C>,
    deadline: Deadline,
    body?: Buffer,
  ): Promise<Omit<NameServerAnswer, 'answer'>[]> {
    const answers = await this.#eachAnswer(command, header, deadline, body)
    return answers.map(({ address, error }) => ({ address, error }))
  }

  async #eachAnswer<C extends AnyCommand>(
    command: C,
    header: RequestOf<C>,
    deadline: Deadline,
    body?: Buffer,
  ): Promise<NameServerAnswer<RemotingCommand>[]> {
    const { list, connections, attemptTimeoutMs } = this.#options
    const addresses = await list.current(deadline)
    const timeoutMs = Math.min(attemptTimeoutMs, Math.max(1, deadline.leftMs))
    const asked = addresses.map(async (address): Promise<NameServerAnswer<RemotingCommand>> => {
      try {
        const answer = await connections.ask(address, { command, header, body, timeoutMs })
        if (answer.code === responseCodes.SUCCESS.code) return { address, answer }
        return { address, error: answerError(command.name, answer, { broker: address }) }
      } catch (error) {
        return { address, error: error as RocketMQError }
      }
    })
    return deadline.unlessAborted(Promise.all(asked))
  }

  /** What each name server says, in the order of the list. INVALID_ANSWER is the error of those that cannot be read. */
  async readEach<C extends AnyCommand, Told>(
    command: C,
    header: RequestOf<C>,
    deadline: Deadline,
    read: (answer: RemotingCommand) => Told,
  ): Promise<NameServerAnswer<Told>[]> {
    const answers = await this.#eachAnswer(command, header, deadline)
    return answers.map(({ address, answer, error }) => {
      if (answer === undefined) return { address, error: error! }
      try {
        return { address, answer: readAnswer(command.name, { broker: address }, () => read(answer)) }
      } catch (error) {
        return { address, error: error as RocketMQError }
      }
    })
  }

  /** Asks every name server. @throws RocketMQError of the first one when none answers */
  async askAll<C extends AnyCommand>(command: C, header: RequestOf<C>, deadline: Deadline): Promise<void> {
    const { list, connections, attemptTimeoutMs } = this.#options
    const addresses = await list.current(deadline)
    const timeoutMs = Math.min(attemptTimeoutMs, Math.max(1, deadline.leftMs))
    const asked = addresses.map((address) => connections.ask(address, { command, header, timeoutMs }))
    const outcomes = await deadline.unlessAborted(Promise.allSettled(asked))
    if (!outcomes.some(({ status }) => status === 'fulfilled')) throw (outcomes[0] as PromiseRejectedResult).reason
  }

  /** The index of the one that answered last; clients begin with different ones. */
  #first(addresses: readonly string[]): number {
    const index = addresses.indexOf(this.#current ?? '')
    return index === -1 ? this.#options.random.below(Math.max(1, addresses.length)) : index
  }
}
