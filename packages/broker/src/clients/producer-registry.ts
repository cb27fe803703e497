import type { BoundedLog } from '@rocketmq-ts/platform'
import type { ClientConnection, ClientLink } from './client-connection.ts'
import { describeClient, type GroupCounts, type LeaveReason, MemberTable } from './member-table.ts'

/** Connected producers, by group. */
export class ProducerRegistry {
  readonly #groups = new Map<string, MemberTable>()
  readonly #log: BoundedLog
  readonly #groupCounts: GroupCounts
  #turn = 0

  constructor(log: BoundedLog, groupCounts: GroupCounts) {
    this.#log = log
    this.#groupCounts = groupCounts
  }

  register(group: string, client: ClientConnection): void {
    let members = this.#groups.get(group)
    if (members === undefined) {
      members = new MemberTable(this.#groupCounts)
      this.#groups.set(group, members)
    }
    if (!members.put(client)) return
    this.#log.info('producer joined', { group, ...describeClient(client) }, 'a producer joined a group')
  }

  unregister(group: string, link: ClientLink, reason: LeaveReason): void {
    const members = this.#groups.get(group)
    const client = members?.take(link)
    if (members === undefined || client === undefined) return
    this.#log.info('producer left', { group, ...describeClient(client), reason }, 'a producer left a group')
    if (members.size === 0) this.#groups.delete(group)
  }

  /** The connection is gone. */
  removeLink(link: ClientLink): void {
    for (const group of [...this.#groups.keys()]) this.unregister(group, link, 'connection lost')
  }

  /** Connections of a group; empty when it has none. */
  clients(group: string): ClientConnection[] {
    return [...(this.#groups.get(group)?.values() ?? [])]
  }

  /** A living connection of a group, each in its turn; undefined when it has none. */
  next(group: string): ClientConnection | undefined {
    const living = this.clients(group).filter(({ link }) => !link.isClosed)
    return living[this.#turn++ % living.length]
  }

  groups(): string[] {
    return [...this.#groups.keys()]
  }

  /** Groups that have members, and their members. */
  counts(): { groups: number; members: number } {
    let members = 0
    for (const table of this.#groups.values()) members += table.size
    return { groups: this.#groups.size, members }
  }

  /** Whether a connection is in a group. */
  isMember(group: string, link: ClientLink): boolean {
    return this.#groups.get(group)?.has(link) === true
  }

  has(link: ClientLink): boolean {
    return [...this.#groups.values()].some((members) => members.has(link))
  }

  /** Takes the connection out of the groups for which it sent no heartbeat since a time. */
  removeSilent(link: ClientLink, beforeMs: number): void {
    for (const [group, members] of [...this.#groups]) {
      if (members.isSilentSince(link, beforeMs)) this.unregister(group, link, 'no heartbeat')
    }
  }

  silentSince(beforeMs: number): ClientLink[] {
    return [...this.#groups.values()].flatMap((members) => members.silentSince(beforeMs))
  }
}
