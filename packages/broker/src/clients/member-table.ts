import type { ClientConnection, ClientLink } from './client-connection.ts'

/** Why a client is no member of a group any more. */
export type LeaveReason = 'unregistered' | 'connection lost' | 'no heartbeat'

/** A client as the log shows it. */
export function describeClient({ clientId, link, language, version }: ClientConnection) {
  return { clientId, peer: link.remoteAddress, language, version }
}

/** In how many groups each connection is, as producer and as consumer. */
export class GroupCounts {
  readonly #counts = new Map<ClientLink, number>()

  of(link: ClientLink): number {
    return this.#counts.get(link) ?? 0
  }

  /** @param change 1 or -1 */
  add(link: ClientLink, change: number): void {
    const count = this.of(link) + change
    if (count === 0) this.#counts.delete(link)
    else this.#counts.set(link, count)
  }
}

/** Connections of one group, by connection. */
export class MemberTable {
  readonly #members = new Map<ClientLink, ClientConnection>()
  readonly #counts: GroupCounts

  /** @param counts of all groups */
  constructor(counts: GroupCounts) {
    this.#counts = counts
  }

  get size(): number {
    return this.#members.size
  }

  /** @returns whether the connection, or the client behind it, is new */
  put(client: ClientConnection): boolean {
    const known = this.#members.get(client.link)
    if (known === undefined) {
      this.#members.set(client.link, { ...client })
      this.#counts.add(client.link, 1)
      return true
    }
    const isOther = known.clientId !== client.clientId
    known.clientId = client.clientId
    known.language = client.language
    known.version = client.version
    known.lastUpdateMs = client.lastUpdateMs
    return isOther
  }

  /** Removes a connection; gives the client behind it, if it was there. */
  take(link: ClientLink): ClientConnection | undefined {
    const client = this.#members.get(link)
    if (this.#members.delete(link)) this.#counts.add(link, -1)
    return client
  }

  has(link: ClientLink): boolean {
    return this.#members.has(link)
  }

  find(clientId: string): ClientConnection | undefined {
    for (const client of this.#members.values()) if (client.clientId === clientId) return client
    return undefined
  }

  /** Distinct, in the order in which they came. */
  clientIds(): string[] {
    return [...new Set([...this.#members.values()].map(({ clientId }) => clientId))]
  }

  values(): IterableIterator<ClientConnection> {
    return this.#members.values()
  }

  isSilentSince(link: ClientLink, beforeMs: number): boolean {
    const client = this.#members.get(link)
    return client !== undefined && client.lastUpdateMs < beforeMs
  }

  /** Connections without a heartbeat since a time. */
  silentSince(beforeMs: number): ClientLink[] {
    const links: ClientLink[] = []
    for (const { link, lastUpdateMs } of this.#members.values()) if (lastUpdateMs < beforeMs) links.push(link)
    return links
  }
}
