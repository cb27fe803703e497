import { type AnyCommand, commands } from '@rocketmq-ts/protocol'

/** What is known of the requests of one command since the start. */
export interface CommandFigures {
  requests: number
  /** Those whose answer was another than SUCCESS. */
  refusals: number
  /** Milliseconds from the read that brought a request until its answer was written, of all and of the longest. */
  durationMs: number
  durationMsMax: number
  bytesIn: number
  bytesOut: number
}

/** Counts the requests that were answered, by command. */
export class CommandCounters {
  /** By the codes of the commands that there are. */
  readonly #byCode: CommandFigures[] = []
  readonly #names = new Map<string, CommandFigures>()
  readonly #unknown = noRequests()

  constructor() {
    for (const { code, name } of Object.values(commands) as AnyCommand[]) {
      const figures = noRequests()
      this.#byCode[code] = figures
      this.#names.set(name, figures)
    }
  }

  /** One for a `RemotingServer`. It only adds. */
  readonly observer = (
    requestCode: number,
    responseCode: number,
    durationMs: number,
    bytesIn: number,
    bytesOut: number,
  ): void => {
    const figures = this.#byCode[requestCode] ?? this.#unknown
    figures.requests++
    if (responseCode !== 0) figures.refusals++
    figures.durationMs += durationMs
    if (durationMs > figures.durationMsMax) figures.durationMsMax = durationMs
    figures.bytesIn += bytesIn
    figures.bytesOut += bytesOut
  }

  /** The figures of commands that were asked for, by name, and of all codes that nobody knows as `unknown`. */
  figures(): Record<string, CommandFigures> {
    const asked = [...this.#names, ['unknown', this.#unknown] as const].filter(([, { requests }]) => requests > 0)
    return Object.fromEntries(asked.map(([name, figures]) => [name, { ...figures }]))
  }
}

function noRequests(): CommandFigures {
  return { requests: 0, refusals: 0, durationMs: 0, durationMsMax: 0, bytesIn: 0, bytesOut: 0 }
}
