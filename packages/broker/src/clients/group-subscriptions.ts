import type { SubscriptionData } from '@rocketmq-ts/protocol'

/**
 * What a group subscribes to, made of the heartbeats of its members: they are expected to subscribe alike, and the last
 * heartbeat that says otherwise decides.
 */
export class GroupSubscriptionTable {
  readonly #topics = new Map<string, SubscriptionData>()

  /**
   * Takes over the subscriptions of a heartbeat.
   * @returns whether topics came or went
   */
  update(subscriptions: readonly SubscriptionData[]): boolean {
    let isChanged = false
    const wanted = new Set<string>()
    for (const subscription of subscriptions) {
      const { topic } = subscription
      wanted.add(topic)
      const known = this.#topics.get(topic)
      if (known === undefined) isChanged = true
      // Equal versions count as newer: those of some clients are nanoseconds, which all end at the same bound here.
      if (known === undefined || subscription.subVersion >= known.subVersion) this.#topics.set(topic, subscription)
    }
    for (const topic of this.#topics.keys()) {
      if (wanted.has(topic)) continue
      this.#topics.delete(topic)
      isChanged = true
    }
    return isChanged
  }

  get(topic: string): SubscriptionData | undefined {
    return this.#topics.get(topic)
  }

  all(): ReadonlyMap<string, SubscriptionData> {
    return this.#topics
  }
}
