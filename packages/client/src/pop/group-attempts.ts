import { commands, subscriptionGroupConfigBody } from '@rocketmq-ts/protocol'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { RocketMQError } from '../rocketmq-error.ts'

/** Deliveries where a broker does not tell how its group is set: what a group is made with. */
const usualAttempts = 17
/** A change of the group's settings counts after so many milliseconds at the latest. */
const trustedMs = 60_000

interface Known {
  readonly attemptsMax: number
  readonly askedMs: number
}

/**
 * How often a group's messages are delivered, before they become dead letters. Brokers that give messages out by POP leave
 * it to whoever gets them.
 */
export class GroupAttempts {
  readonly #client: ClusterClient
  readonly #group: string
  /** Counts instead of what the brokers say. */
  readonly #given: number | undefined
  /** By the names of brokers. */
  readonly #known = new Map<string, Known>()

  constructor(client: ClusterClient, group: string, given: number | undefined) {
    this.#client = client
    this.#group = group
    this.#given = given
  }

  /** Deliveries of a message at the most. Never rejects. */
  async most(broker: string): Promise<number> {
    if (this.#given !== undefined) return this.#given
    const { clock } = this.#client.runtime
    const known = this.#known.get(broker)
    if (known !== undefined && clock.monotonic() - known.askedMs < trustedMs) return known.attemptsMax
    const attemptsMax = await this.#ask(broker).catch((error: RocketMQError) => {
      this.#client.log.info({ broker, err: error }, 'the broker does not say how often messages are delivered')
      return known?.attemptsMax ?? usualAttempts
    })
    this.#known.set(broker, { attemptsMax, askedMs: clock.monotonic() })
    return attemptsMax
  }

  async #ask(broker: string): Promise<number> {
    const client = this.#client
    const address = client.routes.knownMasterAddress({ broker })
    const command = commands.getSubscriptiongroupConfig
    const deadline = client.newDeadline({ timeoutMs: client.attemptTimeoutMs })
    const header = { group: this.#group }
    return client.read(
      { name: broker, address },
      { command, header },
      deadline,
      ({ body }) => subscriptionGroupConfigBody.decode(body ?? Buffer.alloc(0)).retryMaxTimes + 1,
    )
  }
}
