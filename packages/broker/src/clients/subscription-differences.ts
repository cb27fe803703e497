import { createHash } from 'node:crypto'
import type { SubscriptionData } from '@rocketmq-ts/protocol'
import { isByTags } from '../filters/is-by-tags.ts'
import type { ClientConnection, ClientLink } from './client-connection.ts'

/** A member of a group, and what it subscribes to of a topic; undefined when it does not subscribe to it. */
export interface DifferingMember {
  readonly clientId: string
  readonly peer: string
  readonly expression: string | undefined
}

/** Two members of a group that subscribe to a topic by different expressions, or of which one does not at all. */
export interface SubscriptionDifference {
  readonly topic: string
  readonly members: readonly [DifferingMember, DifferingMember]
}

/** Expressions by topic. */
type Expressions = ReadonlyMap<string, string>

interface Member {
  readonly client: ClientConnection
  readonly expressions: Expressions
  /** Hash of the same: texts of clients are as long as they like. */
  readonly key: string
}

/** Of so many differences the topics are told one by one. */
export const differencesShown = 10

/** Characters of an expression that are told. */
const shownLengthMax = 256

/** What is told of is kept only so far that nobody can fill the memory by it. */
const toldMax = 100

/**
 * What the members of one group subscribe to. The broker knows one subscription for all of them, the newest: where they
 * differ, queues go to members that do not want their messages, or want others, and these are passed by silently.
 */
export class SubscriptionDifferences {
  readonly #members = new Map<ClientLink, Member>()
  /** Links by the key of what they subscribe to. */
  readonly #byKey = new Map<string, Set<ClientLink>>()
  #told = new Set<string>()

  /** Whether members differ. */
  get areThere(): boolean {
    return this.#byKey.size > 1
  }

  /**
   * A member told what it subscribes to.
   * @returns how it differs from another member, if that was not told before
   */
  update(client: ClientConnection, subscriptions: readonly SubscriptionData[]): SubscriptionDifference[] {
    const { link } = client
    // A consumer that picks its queues itself, and its messages with each pull, subscribes to nothing.
    if (subscriptions.length === 0) {
      this.remove(link)
      return []
    }
    const expressions = expressionsOf(subscriptions)
    const key = keyOf(expressions)
    if (this.#members.get(link)?.key === key) return []
    this.remove(link)
    const member = { client, expressions, key }
    this.#members.set(link, member)
    const same = this.#byKey.get(key)
    if (same === undefined) this.#byKey.set(key, new Set([link]))
    else same.add(link)
    const other = this.#differingFrom(key)
    return other === undefined ? [] : this.#notTold(other, member)
  }

  /** A member is gone. */
  remove(link: ClientLink): void {
    const member = this.#members.get(link)
    if (member === undefined) return
    this.#members.delete(link)
    const links = this.#byKey.get(member.key)!
    links.delete(link)
    if (links.size === 0) this.#byKey.delete(member.key)
    if (!this.areThere) this.#told.clear()
  }

  /** How members differ now, from one another. */
  list(): SubscriptionDifference[] {
    const [first, ...others] = [...this.#byKey.values()].map((links) => this.#members.get([...links][0]!)!)
    return first === undefined ? [] : others.flatMap((other) => differencesOf(first, other))
  }

  #differingFrom(key: string): Member | undefined {
    for (const [otherKey, links] of this.#byKey) {
      if (otherKey !== key) return this.#members.get([...links][0]!)
    }
    return undefined
  }

  #notTold(one: Member, other: Member): SubscriptionDifference[] {
    const key = [one.key, other.key].sort().join('\n')
    if (this.#told.has(key) || this.#told.size >= toldMax) return []
    this.#told.add(key)
    return differencesOf(one, other)
  }
}

/** A difference as administrators read it. */
export function differenceText({ topic, members: [one, other] }: SubscriptionDifference): string {
  return `topic ${topic}: ${memberText(one)}, ${memberText(other)}`
}

function memberText({ clientId, peer, expression }: DifferingMember): string {
  return `client ${clientId} (${peer}) ${expression === undefined ? 'does not subscribe' : `subscribes by ${expression}`}`
}

function differencesOf(one: Member, other: Member): SubscriptionDifference[] {
  const topics = new Set([...one.expressions.keys(), ...other.expressions.keys()])
  return [...topics]
    .filter((topic) => one.expressions.get(topic) !== other.expressions.get(topic))
    .map((topic) => ({ topic, members: [differing(one, topic), differing(other, topic)] }))
}

function differing({ client, expressions }: Member, topic: string): DifferingMember {
  const expression = expressions.get(topic)?.slice(0, shownLengthMax)
  return { clientId: client.clientId, peer: client.link.remoteAddress, expression }
}

function expressionsOf(subscriptions: readonly SubscriptionData[]): Expressions {
  return new Map(subscriptions.map((subscription) => [subscription.topic, expressionOf(subscription)]))
}

/** The order of tags means nothing. */
function expressionOf(subscription: SubscriptionData): string {
  const { subString = '', expressionType, tagsSet } = subscription
  if (!isByTags(subscription)) return `${expressionType} ${subString}`
  return `TAG ${subString === '*' || tagsSet.length === 0 ? subString : [...tagsSet].sort().join(' || ')}`
}

function keyOf(expressions: Expressions): string {
  const sorted = [...expressions].sort(([left], [right]) => (left < right ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64')
}
