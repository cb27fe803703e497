import { commands, ProtocolError, type ResponseCodeName } from '@rocketmq-ts/protocol'
import type { GuardedRequest } from '@rocketmq-ts/remoting'

interface PlannedFailure {
  readonly code: ResponseCodeName
  readonly commands: ReadonlySet<string>
  left: number
}

const sends = ['SEND_MESSAGE', 'SEND_MESSAGE_V2', 'SEND_BATCH_MESSAGE']

const commandNames: ReadonlySet<string> = new Set(Object.values(commands).map(({ name }) => name))

/** Requests that a test wants refused. */
export class PlannedFailures {
  #planned: PlannedFailure[] = []

  /**
   * @param command RocketMQ's name of the request, such as `PULL_MESSAGE`; any that sends messages without it
   * @throws Error for a name that no request has, and a number below 1
   */
  add(code: ResponseCodeName, command: string | undefined, count: number): void {
    if (command !== undefined && !commandNames.has(command)) {
      throw new Error(`no request is named ${command}: use RocketMQ's name, such as PULL_MESSAGE`)
    }
    if (!(Number.isInteger(count) && count >= 1)) throw new Error(`count is ${count}: give 1 or more`)
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
