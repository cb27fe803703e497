import type { CommandKeyTo, commands } from '@rocketmq-ts/protocol'
import type { ConnectionEnd, Handler, RemotingConnection } from '@rocketmq-ts/remoting'

/** Handlers of some of the commands that a broker can get, by the keys of the command table. */
export type FeatureHandlers = {
  readonly [Key in CommandKeyTo<'broker'>]?: Handler<(typeof commands)[Key]>
}

/**
 * One capability of a broker. Its `create…` function takes what it names and gives these, with what other features use
 * of it beside them. What a feature does not have it leaves out.
 */
export interface Feature {
  /** What it answers. */
  readonly handlers?: FeatureHandlers
  /** Begins what goes on by itself, once the broker listens. */
  start?(): void | Promise<void>
  /** A connection was made. */
  connected?(connection: RemotingConnection): void
  /** A connection is gone. */
  disconnected?(connection: RemotingConnection, end: ConnectionEnd): void
  /** No new work comes: answers or gives up what waits, and ends what goes on by itself. */
  drain?(): void | Promise<void>
  /** Writes what is not written yet. Nothing is asked of it afterwards. */
  close?(): void | Promise<void>
  /** Its numbers as they are now: counts, sizes, lags. */
  stats?(): object
}

/** The features of one broker, in the order in which they were made: each may use those before it. */
export class FeatureList {
  readonly #features: Feature[] = []

  add<Made extends Feature>(feature: Made): Made {
    this.#features.push(feature)
    return feature
  }

  async start(): Promise<void> {
    for (const feature of this.#features) await feature.start?.()
  }

  connected(connection: RemotingConnection): void {
    for (const feature of this.#features) feature.connected?.(connection)
  }

  disconnected(connection: RemotingConnection, end: ConnectionEnd): void {
    for (const feature of this.#features) feature.disconnected?.(connection, end)
  }

  /** @throws what features threw, after all have been drained */
  async drain(): Promise<void> {
    await this.#eachBackwards((feature) => feature.drain?.())
  }

  /** @throws what features threw, after all have been closed */
  async close(): Promise<void> {
    await this.#eachBackwards((feature) => feature.close?.())
  }

  async #eachBackwards(end: (feature: Feature) => void | Promise<void>): Promise<void> {
    await using stack = new AsyncDisposableStack()
    for (const feature of this.#features) stack.defer(async () => await end(feature))
  }
}
