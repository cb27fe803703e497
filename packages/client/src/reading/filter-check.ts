import { checkClientBody, commands, type SubscriptionData } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import { masterId } from '../routing/topic-route.ts'

/**
 * Asks brokers whether the expressions of subscriptions are some, each broker once: official ones answer a pull with one that
 * is not by all messages of the queue.
 */
export class FilterChecks {
  readonly #client: ClusterClient
  readonly #group: string
  /** By topic and broker. Those that failed are not kept. */
  readonly #checks = new Map<string, Promise<void>>()

  constructor(client: ClusterClient, group: string) {
    this.#client = client
    this.#group = group
  }

  /**
   * Asks the brokers of a topic. One that is away does not keep those of the others waiting; it has to be asked before it is read.
   * @throws RocketMQError when a broker of the topic refuses the filter; ABORTED
   */
  async everywhere(subscription: SubscriptionData, deadline: Deadline): Promise<void> {
    if (subscription.expressionType === 'TAG') return
    const brokers = await this.#brokersOf(subscription.topic, deadline)
    const asked = brokers.map(async (broker) => {
      try {
        await this.at(subscription, broker, deadline)
      } catch (error) {
        const { responseCode, code } = error as RocketMQError
        if (responseCode !== undefined || code === 'ABORTED' || code === 'CLOSED') throw error
      }
    })
    await Promise.all(asked)
  }

  /** Asks one broker, unless it has taken the filter before. @throws RocketMQError when it refuses it, or is away */
  async at(
    subscription: SubscriptionData,
    broker: { readonly name: string; readonly address: string },
    deadline: Deadline,
  ): Promise<void> {
    if (subscription.expressionType === 'TAG') return
    const key = JSON.stringify([subscription.topic, broker.name])
    let check = this.#checks.get(key)
    if (check === undefined) {
      check = this.#ask(subscription, broker).catch((error) => {
        this.#checks.delete(key)
        throw error
      })
      this.#checks.set(key, check)
    }
    await deadline.within(check)
  }

  async #ask(
    subscriptionData: SubscriptionData,
    broker: { readonly name: string; readonly address: string },
  ): Promise<void> {
    const client = this.#client
    const command = commands.checkClientConfig
    const body = checkClientBody.encode({ clientId: client.clientId, group: this.#group, subscriptionData })
    await client.askForSuccess(broker, { command, header: {}, body }, client.newDeadline())
  }

  /** None of a topic that does not exist yet. */
  async #brokersOf(topic: string, deadline: Deadline): Promise<{ name: string; address: string }[]> {
    try {
      const { brokers } = await this.#client.routes.find(topic, deadline)
      return [...brokers.values()].flatMap(({ brokerName: name, brokerAddrs }) => {
        const address = brokerAddrs.get(masterId)
        return address === undefined ? [] : [{ name, address }]
      })
    } catch (error) {
      if ((error as RocketMQError).code === 'TOPIC_NOT_EXIST') return []
      throw error
    }
  }
}
