import type { Clock } from '@rocketmq-ts/platform'
import { liteTopicOf, ProtocolError } from '@rocketmq-ts/protocol'
import type { RemotingConnection } from '@rocketmq-ts/remoting'
import type { LiteRules } from './lite-rules.ts'

/** Over which a client, or the proxy that it uses, is told something. */
export type LiteLink = Pick<RemotingConnection, 'id' | 'isClosed' | 'tell'>

/** A client and what it subscribes to. */
export interface LiteClient {
  readonly clientId: string
  readonly group: string
  /** The parent topic. */
  readonly topic: string
  /** Light queues of its lite topics; none for a client that wants all of them. */
  readonly queues: Set<string>
  isWildcard: boolean
  link: LiteLink
  /** When it was last heard of, in the clock's monotonic milliseconds. */
  updatedMs: number
}

export interface LiteSubscriptionParts {
  clock: Clock
  rules: LiteRules
  settings(): { maxLiteSubscriptionCount: number; liteSubscriptionCheckTimeoutMills: number }
  /** A client subscribes to a light queue that it did not have, or to all (undefined). */
  onAdded(client: LiteClient, queue: string | undefined): void
  /** A client is not given a queue's messages any more. @param isTakenOver by another one */
  onRemoved(client: LiteClient, queue: string, reason: 'taken-over' | 'unsubscribed' | 'replaced'): void
  /** A client is gone, with all that it subscribed to. */
  onGone(client: LiteClient): void
  /** Tells a client that it has lost a lite topic. */
  notify(client: LiteClient, liteTopic: string): void
}

/** Who is told about the client of a request. */
export interface LiteClientName {
  clientId: string
  group: string
  topic: string
}

/**
 * What clients of lite topics subscribe to. In memory alone: clients say it again at intervals. A change may be of very many
 * lite topics, and the queue of each may have to be opened: it is made in steps, of which nothing else may come in between.
 */
export class LiteSubscriptions {
  readonly #parts: LiteSubscriptionParts
  readonly #clients = new Map<string, LiteClient>()
  readonly #byQueue = new Map<string, Set<LiteClient>>()
  /** Clients that want all lite topics of a parent topic. */
  readonly #wildcards = new Map<string, Set<LiteClient>>()
  #count = 0

  constructor(parts: LiteSubscriptionParts) {
    this.#parts = parts
  }

  /** Subscriptions: a client that wants all lite topics has one. */
  get count(): number {
    return this.#count
  }

  get(clientId: string): LiteClient | undefined {
    return this.#clients.get(clientId)
  }

  clientsOf(group: string): LiteClient[] {
    return [...this.#clients.values()].filter((client) => client.group === group)
  }

  /** Who is given the messages of a light queue, by group. */
  subscribers(queue: string): ReadonlyMap<string, readonly LiteClient[]> {
    const groups = new Map<string, LiteClient[]>()
    const parent = liteTopicOf(queue)?.parentTopic
    const wildcards = parent === undefined ? undefined : this.#wildcards.get(parent)
    for (const clients of [this.#byQueue.get(queue), wildcards]) {
      for (const client of clients ?? []) {
        const ofGroup = groups.get(client.group)
        if (ofGroup === undefined) groups.set(client.group, [client])
        else ofGroup.push(client)
      }
    }
    return groups
  }

  /**
   * The client wants these lite topics among others.
   * @param prepare called for each queue before its messages can be given to the client
   * @throws ProtocolError LITE_SUBSCRIPTION_QUOTA_EXCEEDED, or ILLEGAL_OPERATION for a group that wants all
   */
  *add(
    name: LiteClientName,
    queues: readonly string[],
    link: LiteLink,
    prepare: (queue: string) => void,
  ): Generator<void> {
    if (this.#parts.rules.isWildcard(name.group)) {
      const remark = `the group ${name.group} consumes all lite topics (lite.sub.wildcard): it subscribes to none`
      throw new ProtocolError('ILLEGAL_OPERATION', remark)
    }
    const known = this.#known(name)
    this.#checkQuota(name, queues.filter((queue) => known?.queues.has(queue) !== true).length, known?.queues.size ?? 0)
    const client = yield* this.#heardOf(name, link)
    for (const queue of queues) {
      this.#takeOver(client, queue)
      prepare(queue)
      this.#addQueue(client, queue)
      yield
    }
  }

  /** The client does not want these lite topics any more. */
  *remove(name: LiteClientName, queues: readonly string[], link: LiteLink): Generator<void> {
    const client = this.#known(name)
    if (client === undefined) return
    yield* this.#heardOf(name, link)
    for (const queue of queues) {
      this.#removeQueue(client, queue, 'unsubscribed')
      yield
    }
  }

  /**
   * The client wants these lite topics and no others; one whose group wants all wants all.
   * @throws ProtocolError LITE_SUBSCRIPTION_QUOTA_EXCEEDED, also for one too many client
   */
  *replace(name: LiteClientName, queues: readonly string[], link: LiteLink): Generator<void> {
    const { rules } = this.#parts
    const isWildcard = rules.isWildcard(name.group)
    const wanted = new Set(isWildcard ? [] : queues)
    const known = this.#known(name)
    if (isWildcard) this.#checkTotal(known?.isWildcard === true ? 0 : 1)
    else {
      const kept = [...wanted].filter((queue) => known?.queues.has(queue) === true).length
      this.#checkQuota(name, wanted.size - kept, kept)
    }
    const client = yield* this.#heardOf(name, link)
    for (const queue of client.queues) {
      if (!wanted.has(queue)) this.#removeQueue(client, queue, 'replaced')
      yield
    }
    this.#setWildcard(client, isWildcard)
    for (const queue of wanted) {
      // Another one took it over, and this one was not told: it is told again.
      if (!client.queues.has(queue) && rules.isExclusive(name.group) && this.#othersOf(client, queue).length > 0) {
        this.#tellLost(client, queue)
      } else this.#addQueue(client, queue)
      yield
    }
  }

  /** The client wants nothing any more. */
  *removeAll(clientId: string): Generator<void> {
    const client = this.#clients.get(clientId)
    if (client === undefined) return
    for (const queue of client.queues) {
      this.#removeQueue(client, queue, 'replaced')
      yield
    }
    this.#setWildcard(client, false)
    // Not before: whoever is given a message is known.
    this.#clients.delete(clientId)
    this.#parts.onGone(client)
  }

  /** Forgets clients that were not heard of for too long. */
  removeExpired(): Generator<void> {
    const { clock, settings } = this.#parts
    const sinceMs = clock.monotonic() - settings().liteSubscriptionCheckTimeoutMills
    return this.removeWhere(({ updatedMs }) => updatedMs < sinceMs)
  }

  /** A group or a parent topic is gone. */
  *removeWhere(isGone: (client: LiteClient) => boolean): Generator<void> {
    for (const client of this.#clients.values()) {
      if (isGone(client)) yield* this.removeAll(client.clientId)
      yield
    }
  }

  #known({ clientId, group, topic }: LiteClientName): LiteClient | undefined {
    const client = this.#clients.get(clientId)
    return client?.group === group && client.topic === topic ? client : undefined
  }

  *#heardOf(name: LiteClientName, link: LiteLink): Generator<void, LiteClient> {
    const updatedMs = this.#parts.clock.monotonic()
    const known = this.#known(name)
    if (known !== undefined) {
      known.link = link
      known.updatedMs = updatedMs
      return known
    }
    this.#checkClients(name.clientId)
    // It consumes something else now.
    yield* this.removeAll(name.clientId)
    const client: LiteClient = { ...name, queues: new Set(), isWildcard: false, link, updatedMs }
    this.#clients.set(name.clientId, client)
    return client
  }

  /** One that subscribes to nothing takes memory too. */
  #checkClients(clientId: string): void {
    const { maxLiteSubscriptionCount } = this.#parts.settings()
    if (this.#clients.size < maxLiteSubscriptionCount || this.#clients.has(clientId)) return
    throw tooMany(maxLiteSubscriptionCount)
  }

  #checkQuota({ group }: LiteClientName, newCount: number, keptCount: number): void {
    const quota = this.#parts.rules.clientQuota(group)
    if (newCount > 0 && keptCount + newCount > quota) {
      const remark = `a client of ${group} subscribes to ${quota} lite topics at most (lite.sub.client.quota of the group)`
      throw new ProtocolError('LITE_SUBSCRIPTION_QUOTA_EXCEEDED', remark)
    }
    this.#checkTotal(newCount)
  }

  #checkTotal(newCount: number): void {
    const { maxLiteSubscriptionCount } = this.#parts.settings()
    if (newCount === 0 || this.#count + newCount <= maxLiteSubscriptionCount) return
    throw tooMany(maxLiteSubscriptionCount)
  }

  /** In a group that shares no lite topics, the last one who wants it has it. */
  #takeOver(client: LiteClient, queue: string): void {
    if (!this.#parts.rules.isExclusive(client.group)) return
    for (const other of this.#othersOf(client, queue)) {
      this.#tellLost(other, queue)
      this.#removeQueue(other, queue, 'taken-over')
    }
  }

  #othersOf(client: LiteClient, queue: string): LiteClient[] {
    return [...(this.#byQueue.get(queue) ?? [])].filter((one) => one !== client && one.group === client.group)
  }

  #tellLost(client: LiteClient, queue: string): void {
    const liteTopic = liteTopicOf(queue)?.liteTopic
    if (liteTopic !== undefined) this.#parts.notify(client, liteTopic)
  }

  #addQueue(client: LiteClient, queue: string): void {
    if (client.queues.has(queue)) return
    client.queues.add(queue)
    const clients = this.#byQueue.get(queue)
    if (clients === undefined) this.#byQueue.set(queue, new Set([client]))
    else clients.add(client)
    this.#count++
    this.#parts.onAdded(client, queue)
  }

  #removeQueue(client: LiteClient, queue: string, reason: 'taken-over' | 'unsubscribed' | 'replaced'): void {
    if (!client.queues.delete(queue)) return
    const clients = this.#byQueue.get(queue)
    clients?.delete(client)
    if (clients?.size === 0) this.#byQueue.delete(queue)
    this.#count--
    this.#parts.onRemoved(client, queue, reason)
  }

  #setWildcard(client: LiteClient, isWildcard: boolean): void {
    if (client.isWildcard === isWildcard) return
    client.isWildcard = isWildcard
    const clients = this.#wildcards.get(client.topic)
    if (isWildcard) {
      if (clients === undefined) this.#wildcards.set(client.topic, new Set([client]))
      else clients.add(client)
      this.#count++
      this.#parts.onAdded(client, undefined)
      return
    }
    clients?.delete(client)
    if (clients?.size === 0) this.#wildcards.delete(client.topic)
    this.#count--
  }
}

function tooMany(max: number): ProtocolError {
  const remark = `lite subscription quota exceeded ${max}: raise maxLiteSubscriptionCount of the broker`
  return new ProtocolError('LITE_SUBSCRIPTION_QUOTA_EXCEEDED', remark)
}
