import { ProtocolError, type SubscriptionGroupConfig, type TopicConfig } from '@rocketmq-ts/protocol'

export interface LiteRuleParts {
  topics: { get(topic: string): TopicConfig | undefined; list(): ReadonlyMap<string, TopicConfig> }
  groups: {
    get(group: string): SubscriptionGroupConfig | undefined
    list(): ReadonlyMap<string, SubscriptionGroupConfig>
  }
}

const minuteMs = 60_000
const defaultClientQuota = 2000

/** What the attributes of topics and groups say about lite topics. */
export class LiteRules {
  readonly #parts: LiteRuleParts

  constructor(parts: LiteRuleParts) {
    this.#parts = parts
  }

  /** Whether messages of a topic belong to lite topics. */
  isParent(topic: string): boolean {
    return isLite(this.#parts.topics.get(topic))
  }

  /** Whether there is a topic, of whatever type. */
  isThere(topic: string): boolean {
    return this.#parts.topics.get(topic) !== undefined
  }

  /** Milliseconds after which an unused lite topic of a topic goes; undefined for never. */
  lifetimeMs(topic: string): number | undefined {
    const minutes = this.lifetimeMinutes(topic)
    return minutes > 0 ? minutes * minuteMs : undefined
  }

  /** As the attribute says it; -1 for ever. */
  lifetimeMinutes(topic: string): number {
    return numberIn(this.#parts.topics.get(topic)?.attributes.get('lite.topic.expiration'), -1)
  }

  /** The topic whose lite topics a group consumes; undefined for a group that consumes none. */
  parentOf(group: string): string | undefined {
    return this.#groupAttribute(group, 'lite.bind.topic')
  }

  /** Whether a lite topic has one subscriber of the group at a time. */
  isExclusive(group: string): boolean {
    return this.#groupAttribute(group, 'lite.sub.model') === 'Exclusive'
  }

  /** Whether the group consumes all lite topics of its topic. */
  isWildcard(group: string): boolean {
    return this.#isTrue(group, 'lite.sub.wildcard')
  }

  /** Whether the group begins anew in a lite topic when another member takes it over. */
  resetsWhenTakenOver(group: string): boolean {
    return this.#isTrue(group, 'lite.sub.reset.offset.exclusive')
  }

  /** Whether the group begins anew in a lite topic when a member does not want it any more. */
  resetsOnUnsubscribe(group: string): boolean {
    return this.#isTrue(group, 'lite.sub.reset.offset.unsubscribe')
  }

  /** Lite topics that a member may subscribe to. */
  clientQuota(group: string): number {
    const quota = numberIn(this.#groupAttribute(group, 'lite.sub.client.quota'), defaultClientQuota)
    return quota < 0 ? Number.POSITIVE_INFINITY : quota
  }

  /** Events that may wait for a member; undefined when the group does not say. */
  eventsMax(group: string): number | undefined {
    const count = numberIn(this.#groupAttribute(group, 'lite.sub.client.max.event.cnt'), -1)
    return count > 0 ? count : undefined
  }

  mayConsume(group: string): boolean {
    return this.#parts.groups.get(group)?.consumeEnable === true
  }

  /** Topics that have lite topics. */
  parents(): string[] {
    return [...this.#parts.topics.list().values()].filter(isLite).map(({ topicName }) => topicName)
  }

  /** Groups that consume the lite topics of a topic. */
  groupsOf(topic: string): string[] {
    return [...this.#parts.groups.list().keys()].filter((group) => this.parentOf(group) === topic)
  }

  /**
   * @throws ProtocolError TOPIC_NOT_EXIST, or INVALID_PARAMETER when its messages belong to no lite topics
   */
  checkParent(topic: string): void {
    if (!this.isThere(topic)) throw new ProtocolError('TOPIC_NOT_EXIST', `Topic [${topic}] not exist.`)
    if (this.isParent(topic)) return
    throw new ProtocolError('INVALID_PARAMETER', `Topic [${topic}] type not match: its message.type is not LITE.`)
  }

  /**
   * @returns the topic whose lite topics the group consumes
   * @throws ProtocolError SUBSCRIPTION_GROUP_NOT_EXIST, or INVALID_PARAMETER when it consumes none
   */
  checkGroup(group: string): string {
    if (this.#parts.groups.get(group) === undefined) {
      throw new ProtocolError('SUBSCRIPTION_GROUP_NOT_EXIST', `Group [${group}] not exist.`)
    }
    const parent = this.parentOf(group)
    if (parent !== undefined) return parent
    throw new ProtocolError('INVALID_PARAMETER', `Group [${group}] is not a LITE group: it has no lite.bind.topic.`)
  }

  #isTrue(group: string, name: string): boolean {
    return this.#groupAttribute(group, name)?.toLowerCase() === 'true'
  }

  #groupAttribute(group: string, name: string): string | undefined {
    const value = this.#parts.groups.get(group)?.attributes.get(name)
    return value === '' ? undefined : value
  }
}

function isLite(config: TopicConfig | undefined): boolean {
  return config?.attributes.get('message.type') === 'LITE'
}

function numberIn(text: string | undefined, defaultValue: number): number {
  const number = text === undefined ? Number.NaN : Number(text)
  return Number.isSafeInteger(number) ? number : defaultValue
}
