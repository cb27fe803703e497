import { ProtocolError, type ResponseCodeName } from '@rocketmq-ts/protocol'
import type { GuardedRequest } from '@rocketmq-ts/remoting'

interface PlannedFailure {
  readonly code: ResponseCodeName
  readonly commands: ReadonlySet<string>
  left: number
}

const sends = ['SEND_MESSAGE', 'SEND_MESSAGE_V2', 'SEND_BATCH_MESSAGE']

/** Requests that a test wants refused. */
export class PlannedFailures {
  #planned: PlannedFailure[] = []

  /** @param command RocketMQ's name of the request, such as `PULL_MESSAGE`; any that sends messages without it */
  add(code: ResponseCodeName, command: string | undefined, count: number): void {
    this.#planned.push({ code, commands: new Set(command === undefined ? sends : [command]), left: count })
  }

  clear(): void {
    this.#planned = []
  }

  /** @throws ProtocolError when the request is to fail */
  check({ command }: Pick<GuardedRequest, 'command'>): undefined {
    const failure = this.#planned.find(({ commands }) => commands.has(command.name))
    if (failure === undefined) return undefined
    if (--failure.left === 0) this.#planned = this.#planned.filter((planned) => planned !== failure)
    throw new ProtocolError(failure.code, 'the test wants this request to fail')
  }
}
