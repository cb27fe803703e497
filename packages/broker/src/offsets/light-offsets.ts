import { isLightQueue, lightQueueId, lightQueuePrefix } from '@rocketmq-ts/protocol'

const separator = '@'
/** Entries that are looked at for one piece of text. */
const entriesPerPiece = 500

interface Entry {
  topic: string
  group: string
  offset: number
}

/** How far a group is, or several are, that have names of light queues. */
type OwnOffsets = { readonly group: string; offset: number } | Map<string, number>

/**
 * How far groups are in light queues, of which each has one queue. There may be a million of them: what is asked of one
 * queue, or of an ordinary group, is found without going through all.
 */
export class LightOffsets {
  /** Ordinary groups, of which there are few: group to queue to offset. */
  readonly #shared = new Map<string, Map<string, number>>()
  /** Groups that have names of light queues, of which there may be as many, by queue: nearly each has one. */
  readonly #own = new Map<string, OwnOffsets>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(group: string, topic: string): number | undefined {
    if (!isLightQueue(group)) return this.#shared.get(group)?.get(topic)
    const own = this.#own.get(topic)
    if (own instanceof Map) return own.get(group)
    return own?.group === group ? own.offset : undefined
  }

  /** @returns whether it was another before */
  set(group: string, topic: string, offset: number): boolean {
    const before = this.get(group, topic)
    if (before === offset) return false
    if (before === undefined) this.#size++
    if (isLightQueue(group)) this.#setOwn(group, topic, offset)
    else {
      const queues = this.#shared.get(group)
      if (queues === undefined) this.#shared.set(group, new Map([[topic, offset]]))
      else queues.set(topic, offset)
    }
    return true
  }

  /** @returns whether there was anything to remove */
  remove(group: string, topic: string): boolean {
    if (this.get(group, topic) === undefined) return false
    this.#size--
    if (isLightQueue(group)) {
      const own = this.#own.get(topic)
      if (own instanceof Map && own.size > 1) own.delete(group)
      else this.#own.delete(topic)
      return true
    }
    const queues = this.#shared.get(group)!
    queues.delete(topic)
    if (queues.size === 0) this.#shared.delete(group)
    return true
  }

  /** A queue is gone. @returns whether there was anything to remove */
  removeTopic(topic: string): boolean {
    const own = this.#own.get(topic)
    let isChanged = this.#own.delete(topic)
    if (own !== undefined) this.#size -= own instanceof Map ? own.size : 1
    for (const group of this.#shared.keys()) isChanged = this.remove(group, topic) || isChanged
    return isChanged
  }

  /** @returns whether there was anything to remove */
  removeGroup(group: string): boolean {
    if (!isLightQueue(group)) {
      const queues = this.#shared.get(group)
      this.#size -= queues?.size ?? 0
      // Whoever goes through them comes to an end.
      queues?.clear()
      return this.#shared.delete(group)
    }
    let isChanged = false
    for (const topic of this.#ownTopicsOf(group)) isChanged = this.remove(group, topic) || isChanged
    return isChanged
  }

  groupsOf(topic: string): string[] {
    const groups: string[] = []
    for (const [group, queues] of this.#shared) if (queues.has(topic)) groups.push(group)
    const own = this.#own.get(topic)
    if (own instanceof Map) groups.push(...own.keys())
    else if (own !== undefined) groups.push(own.group)
    return groups
  }

  /** What is added or removed meanwhile may be among them. */
  topicsOf(group: string): Iterable<string> {
    return isLightQueue(group) ? this.#ownTopicsOf(group) : (this.#shared.get(group)?.keys() ?? [])
  }

  *entries(): IterableIterator<Entry> {
    yield* this.#ownEntries()
    yield* this.#sharedEntries()
  }

  /** @param key `topic@group` */
  load(key: string, offset: number): void {
    const { topic, group } = namesIn(key)
    this.set(group, topic, offset)
  }

  /** Entries of the table `lmqOffsetTable`, in pieces: those of groups that have a light queue's name. */
  ownPieces(): IterableIterator<string> {
    return pieces(
      this.#ownEntries(),
      ({ topic, group, offset }) => `\t\t${JSON.stringify(topic + separator + group)}:${offset}`,
    )
  }

  /** Entries of the table `offsetTable`, in pieces: those of ordinary groups. */
  sharedPieces(): IterableIterator<string> {
    return pieces(this.#sharedEntries(), ({ topic, group, offset }) => {
      return `\t\t${JSON.stringify(topic + separator + group)}:{\n\t\t\t${lightQueueId}:${offset}\n\t\t}`
    })
  }

  #setOwn(group: string, topic: string, offset: number): void {
    const own = this.#own.get(topic)
    // Copies: V8 keeps alive the whole text that a name was cut out of.
    if (own === undefined) this.#own.set(copyOf(topic), { group: copyOf(group), offset })
    else if (own instanceof Map) own.set(group, offset)
    else if (own.group === group) own.offset = offset
    else {
      const several = new Map([
        [own.group, own.offset],
        [group, offset],
      ])
      this.#own.set(topic, several)
    }
  }

  *#ownTopicsOf(group: string): IterableIterator<string> {
    for (const [topic, own] of this.#own) if (own instanceof Map ? own.has(group) : own.group === group) yield topic
  }

  *#ownEntries(): IterableIterator<Entry> {
    for (const [topic, own] of this.#own) {
      if (!(own instanceof Map)) yield { topic, group: own.group, offset: own.offset }
      else for (const [group, offset] of own) yield { topic, group, offset }
    }
  }

  *#sharedEntries(): IterableIterator<Entry> {
    for (const [group, queues] of this.#shared) for (const [topic, offset] of queues) yield { topic, group, offset }
  }
}

function* pieces(entries: Iterable<Entry>, format: (entry: Entry) => string): IterableIterator<string> {
  let lines: string[] = []
  for (const entry of entries) {
    lines.push(format(entry))
    if (lines.length < entriesPerPiece) continue
    yield lines.join(',\n')
    lines = []
  }
  if (lines.length > 0) yield lines.join(',\n')
}

/** Names of light queues may have an `@`; those of ordinary groups have none. */
function copyOf(name: string): string {
  return Buffer.from(name).toString()
}

function namesIn(key: string): { topic: string; group: string } {
  const atLight = key.lastIndexOf(separator + lightQueuePrefix)
  const at = atLight > 0 ? atLight : key.lastIndexOf(separator)
  return { topic: key.slice(0, at), group: key.slice(at + 1) }
}
