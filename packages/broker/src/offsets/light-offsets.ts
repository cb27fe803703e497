import { isLightQueue, lightQueueId, lightQueuePrefix } from '@rocketmq-ts/protocol'

const separator = '@'
/** Entries that are looked at for one piece of text. */
const entriesPerPiece = 500

/**
 * How far groups are in light queues, of which each has one queue. There may be a million of them: each takes the memory of
 * its key and a number.
 */
export class LightOffsets {
  /** By `topic@group`. */
  readonly #offsets = new Map<string, number>()
  /** Ordinary groups, with the number of their offsets. */
  readonly #groups = new Map<string, number>()
  /** Offsets of the others, which have names of light queues: of these there may be very many. */
  #ownCount = 0

  get size(): number {
    return this.#offsets.size
  }

  get(group: string, topic: string): number | undefined {
    return this.#offsets.get(topic + separator + group)
  }

  /** @returns whether it was another before */
  set(group: string, topic: string, offset: number): boolean {
    const key = topic + separator + group
    const before = this.#offsets.get(key)
    if (before === offset) return false
    this.#offsets.set(key, offset)
    if (before === undefined) this.#count(group, 1)
    return true
  }

  /** @returns whether there was anything to remove */
  remove(group: string, topic: string): boolean {
    const isRemoved = this.#offsets.delete(topic + separator + group)
    if (isRemoved) this.#count(group, -1)
    return isRemoved
  }

  /** @returns whether there was anything to remove */
  removeTopics(topics: ReadonlySet<string>): boolean {
    // Few topics of few groups are found without going through a million offsets.
    if (this.#ownCount > 0 || topics.size * this.#groups.size > this.size) {
      return this.#removeWhere((topic) => topics.has(topic))
    }
    let isChanged = false
    const groups = [...this.#groups.keys()]
    for (const topic of topics) for (const group of groups) isChanged = this.remove(group, topic) || isChanged
    return isChanged
  }

  /** @returns whether there was anything to remove */
  removeGroup(group: string): boolean {
    return this.#removeWhere((_topic, of) => of === group)
  }

  groupsOf(topic: string): string[] {
    const start = topic + separator
    const groups: string[] = []
    for (const key of this.#offsets.keys()) {
      if (key.startsWith(start) && namesIn(key).topic === topic) groups.push(key.slice(start.length))
    }
    return groups
  }

  topicsOf(group: string): string[] {
    const end = separator + group
    const topics: string[] = []
    for (const key of this.#offsets.keys()) {
      if (key.endsWith(end) && namesIn(key).group === group) topics.push(key.slice(0, -end.length))
    }
    return topics
  }

  *entries(): IterableIterator<{ topic: string; group: string; offset: number }> {
    for (const [key, offset] of this.#offsets) yield { ...namesIn(key), offset }
  }

  /** @param key `topic@group` */
  load(key: string, offset: number): void {
    if (!this.#offsets.has(key)) this.#count(namesIn(key).group, 1)
    this.#offsets.set(key, offset)
  }

  /** Entries of the table `lmqOffsetTable`, in pieces, of which some are empty: those of groups that have a light queue's name. */
  *ownPieces(): IterableIterator<string> {
    yield* this.#pieces(
      (group) => isLightQueue(group),
      (key, offset) => `\t\t${JSON.stringify(key)}:${offset}`,
    )
  }

  /** Entries of the table `offsetTable`, in pieces: those of ordinary groups. */
  *sharedPieces(): IterableIterator<string> {
    yield* this.#pieces(
      (group) => !isLightQueue(group),
      (key, offset) => `\t\t${JSON.stringify(key)}:{\n\t\t\t${lightQueueId}:${offset}\n\t\t}`,
    )
  }

  *#pieces(
    isWanted: (group: string) => boolean,
    format: (key: string, offset: number) => string,
  ): IterableIterator<string> {
    let lines: string[] = []
    let lookedAt = 0
    for (const [key, offset] of this.#offsets) {
      if (isWanted(namesIn(key).group)) lines.push(format(key, offset))
      if (++lookedAt % entriesPerPiece > 0) continue
      yield lines.join(',\n')
      lines = []
    }
    if (lines.length > 0) yield lines.join(',\n')
  }

  #removeWhere(isRemoved: (topic: string, group: string) => boolean): boolean {
    let isChanged = false
    for (const key of this.#offsets.keys()) {
      const { topic, group } = namesIn(key)
      if (!isRemoved(topic, group)) continue
      this.#offsets.delete(key)
      this.#count(group, -1)
      isChanged = true
    }
    return isChanged
  }

  /** @param change of the number of a group's offsets */
  #count(group: string, change: number): void {
    if (isLightQueue(group)) {
      this.#ownCount += change
      return
    }
    const count = (this.#groups.get(group) ?? 0) + change
    if (count === 0) this.#groups.delete(group)
    else this.#groups.set(group, count)
  }
}

/** Names of light queues may have an `@`; those of ordinary groups have none. */
function namesIn(key: string): { topic: string; group: string } {
  const atLight = key.lastIndexOf(separator + lightQueuePrefix)
  const at = atLight > 0 ? atLight : key.lastIndexOf(separator)
  return { topic: key.slice(0, at), group: key.slice(at + 1) }
}
