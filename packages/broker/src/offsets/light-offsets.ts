import { isLightQueue, lightQueueId, lightQueuePrefix } from '@rocketmq-ts/protocol'

const separator = '@'
/** Entries that are made into one piece of text. */
const entriesPerPiece = 500

/**
 * How far groups are in light queues, of which each has one queue. There may be a million of them: each takes the memory of
 * its key and a number.
 */
export class LightOffsets {
  /** By `topic@group`. */
  readonly #offsets = new Map<string, number>()

  get size(): number {
    return this.#offsets.size
  }

  get(group: string, topic: string): number | undefined {
    return this.#offsets.get(topic + separator + group)
  }

  /** @returns whether it was another before */
  set(group: string, topic: string, offset: number): boolean {
    const key = topic + separator + group
    if (this.#offsets.get(key) === offset) return false
    this.#offsets.set(key, offset)
    return true
  }

  /** @returns whether there was anything to remove */
  remove(group: string, topic: string): boolean {
    return this.#offsets.delete(topic + separator + group)
  }

  /** @returns whether there was anything to remove */
  removeTopics(topics: ReadonlySet<string>): boolean {
    return this.#removeWhere((topic) => topics.has(topic))
  }

  /** @returns whether there was anything to remove */
  removeGroup(group: string): boolean {
    return this.#removeWhere((_topic, of) => of === group)
  }

  groupsOf(topic: string): string[] {
    return [...this.entries()].filter((entry) => entry.topic === topic).map(({ group }) => group)
  }

  topicsOf(group: string): string[] {
    return [...this.entries()].filter((entry) => entry.group === group).map(({ topic }) => topic)
  }

  *entries(): IterableIterator<{ topic: string; group: string; offset: number }> {
    for (const [key, offset] of this.#offsets) yield { ...namesIn(key), offset }
  }

  /** @param key `topic@group` */
  load(key: string, offset: number): void {
    this.#offsets.set(key, offset)
  }

  /** Entries of the table `lmqOffsetTable`, in pieces: those of groups that have a light queue's name. */
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
    for (const [key, offset] of this.#offsets) {
      if (!isWanted(namesIn(key).group)) continue
      lines.push(format(key, offset))
      if (lines.length < entriesPerPiece) continue
      yield lines.join(',\n')
      lines = []
    }
    if (lines.length > 0) yield lines.join(',\n')
  }

  #removeWhere(isRemoved: (topic: string, group: string) => boolean): boolean {
    let isChanged = false
    for (const key of this.#offsets.keys()) {
      const { topic, group } = namesIn(key)
      if (isRemoved(topic, group)) isChanged = this.#offsets.delete(key) || isChanged
    }
    return isChanged
  }
}

/** Names of light queues may have an `@`; those of ordinary groups have none. */
function namesIn(key: string): { topic: string; group: string } {
  const atLight = key.lastIndexOf(separator + lightQueuePrefix)
  const at = atLight > 0 ? atLight : key.lastIndexOf(separator)
  return { topic: key.slice(0, at), group: key.slice(at + 1) }
}
