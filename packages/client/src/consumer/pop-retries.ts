import { popConsumedTopic, popRetryTopicOf, propertyName, type SubscriptionData } from '@rocketmq-ts/protocol'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { Namespace } from '../connection/namespace.ts'
import type { RawMessage } from '../messages/received-message.ts'
import { subscriptionOf } from '../reading/subscriptions.ts'

/** Milliseconds until a topic is looked for again that was not there. */
const absentMs = 60_000

/**
 * The topics in which messages come again that a group took by POP and that were not done: a broker makes them with the first
 * such message. They come there also when the group pulls by then.
 */
export class PopRetries {
  readonly #client: ClusterClient
  readonly #group: string
  readonly #subscriptions = new Map<string, readonly SubscriptionData[]>()
  /** When each was last looked for in vain, by the monotonic clock. */
  readonly #absentMs = new Map<string, number>()

  constructor(client: ClusterClient, group: string) {
    this.#client = client
    this.#group = group
  }

  /** Those of a topic; of either version, since brokers may have changed over. */
  of(topic: string): readonly SubscriptionData[] {
    let found = this.#subscriptions.get(topic)
    if (found === undefined) {
      found = (['1', '2'] as const).map((source) => subscriptionOf(popRetryTopicOf(this.#group, topic, source), '*', 0))
      this.#subscriptions.set(topic, found)
    }
    return found
  }

  /** Whether a topic may be there, or has not been looked for lately. */
  isDue(topic: string): boolean {
    const lastMs = this.#absentMs.get(topic)
    return lastMs === undefined || this.#client.runtime.clock.monotonic() - lastMs >= absentMs
  }

  isAbsent(topic: string): void {
    this.#absentMs.set(topic, this.#client.runtime.clock.monotonic())
  }

  /** The group takes messages by POP: a topic may be made at any time. */
  isExpected(topic: string): void {
    this.#absentMs.delete(topic)
  }
}

/** Whether a group's messages come again there that it took by POP. */
export function isPopRetryTopic(group: string, topic: string): boolean {
  return popConsumedTopic(group, topic) !== topic
}

/**
 * Messages of a retry topic as the group consumes them: under the name of their topic, and without those of a group whose own
 * retry topic has the same name. One that names no group may have had no room for the name, or older brokers do not write it: it
 * belongs to the group unless it was sent back, which says the topic that it comes from.
 */
export function consumedAgain(
  messages: readonly RawMessage[],
  group: string,
  retryTopic: string,
  namespace: Namespace,
): readonly RawMessage[] {
  const ours = isPopRetryTopic(group, retryTopic)
    ? messages.filter(({ systemProperties }) => isOfGroup(systemProperties, group))
    : messages
  return ours.map((message) => {
    const topic = namespace.unwrap(popConsumedTopic(group, namespace.wrap(message.topic)))
    return topic === message.topic ? message : { ...message, topic }
  })
}

function isOfGroup(properties: RawMessage['systemProperties'], group: string): boolean {
  const origin = properties[propertyName.originGroup]
  return origin === undefined ? properties[propertyName.retryTopic] === undefined : origin === group
}
