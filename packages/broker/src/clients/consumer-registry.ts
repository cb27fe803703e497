import type { BoundedLog } from '@rocketmq-ts/platform'
import { type ConsumerData, commands, type SubscriptionData } from '@rocketmq-ts/protocol'
import type { ClientConnection, ClientLink } from './client-connection.ts'
import { GroupSubscriptionTable } from './group-subscriptions.ts'
import { describeClient, type GroupCounts, type LeaveReason, MemberTable } from './member-table.ts'
import { differencesShown, type SubscriptionDifference, SubscriptionDifferences } from './subscription-differences.ts'

/** A consumer group with members, as their heartbeats tell. */
export interface ConsumerGroupView {
  readonly consumeType: ConsumerData['consumeType']
  readonly messageModel: ConsumerData['messageModel']
  readonly consumeFromWhere: ConsumerData['consumeFromWhere']
  subscription(topic: string): SubscriptionData | undefined
  subscriptions(): ReadonlyMap<string, SubscriptionData>
  clients(): ClientConnection[]
  clientIds(): string[]
  find(clientId: string): ClientConnection | undefined
  /** How the subscriptions of its members differ. */
  differences(): SubscriptionDifference[]
}

/** Told what groups subscribe to, for what is kept of their expressions. */
export interface GroupFilters {
  register(group: string, subscriptions: readonly SubscriptionData[]): void
  /** A group has no members any more. */
  unregister(group: string): void
}

export interface ConsumerRegistryOptions {
  log: BoundedLog
  filters: GroupFilters
  counters: { subscriptionsDiffer(group: string): void }
  groupCounts: GroupCounts
  /** Whether the members of a group are told of changes. */
  isNotified(group: string): boolean
}

class ConsumerGroup implements ConsumerGroupView {
  consumeType: ConsumerData['consumeType']
  messageModel: ConsumerData['messageModel']
  consumeFromWhere: ConsumerData['consumeFromWhere']
  readonly members: MemberTable
  readonly table = new GroupSubscriptionTable()
  readonly differing = new SubscriptionDifferences()

  constructor(counts: GroupCounts) {
    this.members = new MemberTable(counts)
  }

  differences(): SubscriptionDifference[] {
    return this.differing.list()
  }

  subscription(topic: string): SubscriptionData | undefined {
    return this.table.get(topic)
  }

  subscriptions(): ReadonlyMap<string, SubscriptionData> {
    return this.table.all()
  }

  clients(): ClientConnection[] {
    return [...this.members.values()]
  }

  clientIds(): string[] {
    return this.members.clientIds()
  }

  find(clientId: string): ClientConnection | undefined {
    return this.members.find(clientId)
  }
}

/** Connected consumers, by group. Members are told at once when others come, go, or subscribe to other topics. */
export class ConsumerRegistry {
  readonly #groups = new Map<string, ConsumerGroup>()
  readonly #options: ConsumerRegistryOptions

  constructor(options: ConsumerRegistryOptions) {
    this.#options = options
  }

  /** @param withSubscriptions false: the heartbeat left the subscriptions out because they are as before */
  register(data: ConsumerData, client: ClientConnection, withSubscriptions: boolean): void {
    const { groupName } = data
    let group = this.#groups.get(groupName)
    if (group === undefined) {
      group = new ConsumerGroup(this.#options.groupCounts)
      this.#groups.set(groupName, group)
    }
    group.consumeType = data.consumeType
    group.messageModel = data.messageModel
    group.consumeFromWhere = data.consumeFromWhere
    const isNew = group.members.put(client)
    const { log, filters } = this.#options
    if (isNew) {
      log.info('consumer joined', { group: groupName, ...describeClient(client) }, 'a consumer joined a group')
    }
    const isChanged = withSubscriptions && group.table.update(data.subscriptionDataSet)
    if (withSubscriptions) {
      filters.register(groupName, data.subscriptionDataSet)
      this.#tellDifferences(groupName, group.differing.update(client, data.subscriptionDataSet))
    }
    if (isNew || isChanged) this.#tellMembers(groupName, group)
  }

  unregister(groupName: string, link: ClientLink, reason: LeaveReason): void {
    const group = this.#groups.get(groupName)
    const client = group?.members.take(link)
    if (group === undefined || client === undefined) return
    const { log, filters } = this.#options
    const fields = { group: groupName, ...describeClient(client), reason }
    log.info('consumer left', fields, 'a consumer left a group')
    group.differing.remove(link)
    if (group.members.size > 0) this.#tellMembers(groupName, group)
    else {
      this.#groups.delete(groupName)
      filters.unregister(groupName)
    }
  }

  /** The connection is gone. */
  removeLink(link: ClientLink): void {
    for (const group of [...this.#groups.keys()]) this.unregister(group, link, 'connection lost')
  }

  /** A group that has members. */
  get(group: string): ConsumerGroupView | undefined {
    return this.#groups.get(group)
  }

  /** What the members of a group subscribed to; undefined without members. */
  subscriptionsOf(group: string): ConsumerGroupView | undefined {
    return this.#groups.get(group)
  }

  /** Groups whose members subscribed to a topic. */
  groupsOf(topic: string): string[] {
    const names: string[] = []
    for (const [name, group] of this.#groups) if (group.table.get(topic) !== undefined) names.push(name)
    return names
  }

  groups(): string[] {
    return [...this.#groups.keys()]
  }

  /** Groups that have members, their members, and groups whose members subscribe to different messages. */
  counts(): { groups: number; members: number; differing: number } {
    let members = 0
    let differing = 0
    for (const group of this.#groups.values()) {
      members += group.members.size
      if (group.differing.areThere) differing++
    }
    return { groups: this.#groups.size, members, differing }
  }

  /** Whether a connection is in a group. */
  isMember(group: string, link: ClientLink): boolean {
    return this.#groups.get(group)?.members.has(link) === true
  }

  has(link: ClientLink): boolean {
    return [...this.#groups.values()].some(({ members }) => members.has(link))
  }

  /** Takes the connection out of the groups for which it sent no heartbeat since a time. */
  removeSilent(link: ClientLink, beforeMs: number): void {
    for (const [group, { members }] of [...this.#groups]) {
      if (members.isSilentSince(link, beforeMs)) this.unregister(group, link, 'no heartbeat')
    }
  }

  silentSince(beforeMs: number): ClientLink[] {
    return [...this.#groups.values()].flatMap(({ members }) => members.silentSince(beforeMs))
  }

  #tellDifferences(group: string, differences: readonly SubscriptionDifference[]): void {
    if (differences.length === 0) return
    const { log, counters } = this.#options
    counters.subscriptionsDiffer(group)
    const fields = { group, topics: differences.length }
    for (const { topic, members } of differences.slice(0, differencesShown)) {
      log.warn(
        'subscriptions differ',
        { ...fields, topic, members },
        'members of a group subscribe to different messages: some are passed by, and never consumed. ' +
          'Give all members of the group the same subscriptions, or members of their own group to those that differ',
      )
    }
  }

  /** Members of a broadcasting group share nothing, so that they have nothing to divide anew. */
  #tellMembers(groupName: string, group: ConsumerGroup): void {
    if (group.messageModel === 'BROADCASTING' || !this.#options.isNotified(groupName)) return
    for (const { link } of group.members.values()) {
      link.tell(commands.notifyConsumerIdsChanged, { consumerGroup: groupName })
    }
  }
}
