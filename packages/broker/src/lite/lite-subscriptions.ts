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
  /** Its group or topic is deleted: what it subscribes to ends, and who comes by its id is another one. */
  isGone: boolean
  link: LiteLink
  /** When it was last heard of, in the clock's monotonic milliseconds. */
  updatedMs: number
}

/** Clients that are given something, by group. */
export type ClientsByGroup = ReadonlyMap<string, readonly LiteClient[]>

const nobody: ClientsByGroup = new Map()

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

/** Names that are looked at in one step. */
const namesAtOnce = 500

/**
 * What clients of lite topics subscribe to. In memory alone: clients say it again at intervals. A change may be of very many
 * lite topics, and the queue of each may have to be opened: it is made in steps. Between them there may be those of other
 * clients, but no others of the same one.
 */
export class LiteSubscriptions {
  readonly #parts: LiteSubscriptionParts
  readonly #clients = new Map<string, LiteClient>()
  readonly #byQueue = new Map<string, Set<LiteClient>>()
  /** Clients that want all lite topics of a parent topic. */
  readonly #wildcards = new Map<string, Set<LiteClient>>()
  /** The same by group, where somebody asked since they changed. */
  readonly #wildcardGroups = new Map<string, ClientsByGroup>()
  #count = 0
  /** Subscriptions that are being added. */
  #comingCount = 0

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

  /** Who is given the messages of a light queue, by group. Asked for each message: of clients that want all, nothing is copied. */
  subscribers(queue: string): ClientsByGroup {
    const parent = liteTopicOf(queue)?.parentTopic
    const wildcards = parent === undefined ? nobody : this.#wildcardsOf(parent)
    const own = this.#byQueue.get(queue)
    return own === undefined ? wildcards : grouped(own, wildcards)
  }

  #wildcardsOf(parent: string): ClientsByGroup {
    const clients = this.#wildcards.get(parent)
    if (clients === undefined) return nobody
    let known = this.#wildcardGroups.get(parent)
    if (known === undefined) {
      known = grouped(clients, nobody)
      this.#wildcardGroups.set(parent, known)
    }
    return known
  }

  /**
   * The client wants these lite topics among others.
   * @param prepare called for each queue before its messages can be given to the client
   * @throws ProtocolError LITE_SUBSCRIPTION_QUOTA_EXCEEDED, or ILLEGAL_OPERATION for a group that wants all
   */
  *add(
    name: LiteClientName,
    queues: ReadonlySet<string>,
    link: LiteLink,
    prepare: (queue: string) => void,
  ): Generator<unknown> {
    if (this.#parts.rules.isWildcard(name.group)) {
      const remark = `the group ${name.group} consumes all lite topics (lite.sub.wildcard): it subscribes to none`
      throw new ProtocolError('ILLEGAL_OPERATION', remark)
    }
    const known = this.#known(name)
    const newCount = queues.size - (yield* keptOf(queues, known))
    this.#checkQuota(name, newCount, known?.queues.size ?? 0)
    yield* this.#adding(newCount, this.#addAll(name, queues, link, prepare))
  }

  *#addAll(
    name: LiteClientName,
    queues: ReadonlySet<string>,
    link: LiteLink,
    prepare: (queue: string) => void,
  ): Generator<boolean> {
    const client = yield* this.#heardOf(name, link)
    // Its group may have wanted all before.
    this.#setWildcard(client, false)
    for (const queue of queues) {
      this.#takeOver(client, queue)
      prepare(queue)
      yield this.#addQueue(client, queue)
    }
  }

  /** The client does not want these lite topics any more. */
  *remove(name: LiteClientName, queues: ReadonlySet<string>, link: LiteLink): Generator<unknown> {
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
  *replace(name: LiteClientName, queues: ReadonlySet<string>, link: LiteLink): Generator<unknown> {
    const { rules } = this.#parts
    const isWildcard = rules.isWildcard(name.group)
    const wanted = isWildcard ? new Set<string>() : queues
    const known = this.#known(name)
    const keptCount = yield* keptOf(wanted, known)
    const newCount = isWildcard ? (known?.isWildcard === true ? 0 : 1) : wanted.size - keptCount
    if (isWildcard) this.#checkTotal(newCount)
    else this.#checkQuota(name, newCount, keptCount)
    yield* this.#adding(newCount, this.#replaceAll(name, wanted, isWildcard, link))
  }

  *#replaceAll(
    name: LiteClientName,
    wanted: ReadonlySet<string>,
    isWildcard: boolean,
    link: LiteLink,
  ): Generator<boolean> {
    const { rules } = this.#parts
    const client = yield* this.#heardOf(name, link)
    for (const queue of client.queues) {
      if (!wanted.has(queue)) this.#removeQueue(client, queue, 'replaced')
      yield false
    }
    this.#setWildcard(client, isWildcard)
    for (const queue of wanted) {
      // Another one took it over, and this one was not told: it is told again.
      const isLost =
        !client.queues.has(queue) && rules.isExclusive(name.group) && this.#othersOf(client, queue).length > 0
      if (isLost) this.#tellLost(client, queue)
      yield !isLost && this.#addQueue(client, queue)
    }
  }

  /** Subscriptions that were found to have room are added, while others look for room. @param steps true for each of them */
  *#adding(newCount: number, steps: Generator<boolean>): Generator<unknown> {
    let leftCount = newCount
    this.#comingCount += leftCount
    try {
      for (const isAdded of steps) {
        if (isAdded && leftCount > 0) {
          leftCount--
          this.#comingCount--
        }
        yield
      }
    } finally {
      this.#comingCount -= leftCount
    }
  }

  /** The client wants nothing any more. */
  *removeAll(clientId: string): Generator<false> {
    const client = this.#clients.get(clientId)
    if (client === undefined) return
    for (const queue of client.queues) {
      this.#removeQueue(client, queue, 'replaced')
      yield false
    }
    this.#setWildcard(client, false)
    // Not before: whoever is given a message is known.
    this.#clients.delete(clientId)
    this.#parts.onGone(client)
  }

  /** Clients that were not heard of for too long. */
  expired(): LiteClient[] {
    return [...this.#clients.values()].filter((client) => this.#isExpired(client))
  }

  /** A group or a parent topic is deleted. @returns the clients that are gone with it */
  gone(isGone: (client: LiteClient) => boolean): LiteClient[] {
    const clients = [...this.#clients.values()].filter(isGone)
    for (const client of clients) client.isGone = true
    return clients
  }

  /** Forgets a client that is gone, or was not heard of for too long, unless it came back meanwhile. */
  *forget(client: LiteClient): Generator<unknown> {
    const isThere = this.#clients.get(client.clientId) === client
    if (isThere && (client.isGone || this.#isExpired(client))) yield* this.removeAll(client.clientId)
  }

  #isExpired({ updatedMs }: LiteClient): boolean {
    const { clock, settings } = this.#parts
    return updatedMs < clock.monotonic() - settings().liteSubscriptionCheckTimeoutMills
  }

  #known({ clientId, group, topic }: LiteClientName): LiteClient | undefined {
    const client = this.#clients.get(clientId)
    return client?.group === group && client.topic === topic && !client.isGone ? client : undefined
  }

  *#heardOf(name: LiteClientName, link: LiteLink): Generator<false, LiteClient> {
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
    const client: LiteClient = { ...name, queues: new Set(), isWildcard: false, isGone: false, link, updatedMs }
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
    if (newCount === 0 || this.#count + this.#comingCount + newCount <= maxLiteSubscriptionCount) return
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

  /** @returns whether the client did not have it */
  #addQueue(client: LiteClient, queue: string): boolean {
    if (client.queues.has(queue)) return false
    client.queues.add(queue)
    const clients = this.#byQueue.get(queue)
    if (clients === undefined) this.#byQueue.set(queue, new Set([client]))
    else clients.add(client)
    this.#count++
    this.#parts.onAdded(client, queue)
    return true
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
    this.#wildcardGroups.delete(client.topic)
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

/** How many of these a client has. */
function* keptOf(queues: ReadonlySet<string>, client: LiteClient | undefined): Generator<unknown, number> {
  if (client === undefined) return 0
  let [keptCount, lookedAt] = [0, 0]
  for (const queue of queues) {
    if (client.queues.has(queue)) keptCount++
    if (++lookedAt % namesAtOnce === 0) yield
  }
  return keptCount
}

function grouped(clients: Iterable<LiteClient>, others: ClientsByGroup): ClientsByGroup {
  const groups = new Map<string, LiteClient[]>()
  for (const client of clients) {
    const ofGroup = groups.get(client.group)
    if (ofGroup === undefined) groups.set(client.group, [...(others.get(client.group) ?? []), client])
    else ofGroup.push(client)
  }
  return others.size === 0 ? groups : new Map([...others, ...groups])
}

function tooMany(max: number): ProtocolError {
  const remark = `lite subscription quota exceeded ${max}: raise maxLiteSubscriptionCount of the broker`
  return new ProtocolError('LITE_SUBSCRIPTION_QUOTA_EXCEEDED', remark)
}
