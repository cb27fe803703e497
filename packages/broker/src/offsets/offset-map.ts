/** Offsets of one group in the queues of one topic. */
interface TopicOffsets {
  readonly queues: Map<number, number>
  /** The entry as the file holds it; undefined since the last change. */
  text: string | undefined
}

const separator = '@'

/** Offsets by group, topic and queue. */
export class OffsetMap {
  readonly #groups = new Map<string, Map<string, TopicOffsets>>()

  counts(): { groups: number; topics: number; queues: number } {
    let topicCount = 0
    let queueCount = 0
    for (const topics of this.#groups.values()) {
      topicCount += topics.size
      for (const { queues } of topics.values()) queueCount += queues.size
    }
    return { groups: this.#groups.size, topics: topicCount, queues: queueCount }
  }

  get(group: string, topic: string, queueId: number): number | undefined {
    return this.#groups.get(group)?.get(topic)?.queues.get(queueId)
  }

  /** @returns whether it was another before */
  set(group: string, topic: string, queueId: number, offset: number): boolean {
    const entry = this.#entry(group, topic)
    if (entry.queues.get(queueId) === offset) return false
    entry.queues.set(queueId, offset)
    entry.text = undefined
    return true
  }

  queuesOf(group: string, topic: string): ReadonlyMap<number, number> {
    return this.#groups.get(group)?.get(topic)?.queues ?? noQueues
  }

  topicsOf(group: string): string[] {
    return [...(this.#groups.get(group)?.keys() ?? [])]
  }

  groupsOf(topic: string): string[] {
    const groups: string[] = []
    for (const [group, topics] of this.#groups) if (topics.has(topic)) groups.push(group)
    return groups
  }

  groups(): IterableIterator<string> {
    return this.#groups.keys()
  }

  /** @returns whether there was anything to remove */
  removeGroup(group: string): boolean {
    // Whoever goes through its topics comes to an end.
    this.#groups.get(group)?.clear()
    return this.#groups.delete(group)
  }

  removeTopic(topic: string): boolean {
    let isRemoved = false
    for (const [group, topics] of this.#groups) {
      if (!topics.delete(topic)) continue
      isRemoved = true
      if (topics.size === 0) this.#groups.delete(group)
    }
    return isRemoved
  }

  remove(group: string, topic: string, queueId: number): number | undefined {
    const topics = this.#groups.get(group)
    const entry = topics?.get(topic)
    const offset = entry?.queues.get(queueId)
    if (offset === undefined) return undefined
    entry!.queues.delete(queueId)
    entry!.text = undefined
    if (entry!.queues.size === 0) topics!.delete(topic)
    if (topics!.size === 0) this.#groups.delete(group)
    return offset
  }

  /** @param key `topic@group` */
  load(key: string, queues: ReadonlyMap<number, number>): boolean {
    const at = key.indexOf(separator)
    if (at <= 0 || at === key.length - 1) return false
    const entry = this.#entry(key.slice(at + 1), key.slice(0, at))
    for (const [queueId, offset] of queues) entry.queues.set(queueId, offset)
    return true
  }

  /** `topic@group` to queue id to offset, for the bodies of answers. */
  toTable(): Map<string, Map<number, number>> {
    const table = new Map<string, Map<number, number>>()
    for (const [group, topics] of this.#groups) {
      for (const [topic, { queues }] of topics) table.set(`${topic}${separator}${group}`, queues)
    }
    return table
  }

  /** Topics by group. */
  toTopicsByGroup(): Map<string, string[]> {
    const table = new Map<string, string[]>()
    for (const [group, topics] of this.#groups) table.set(group, [...topics.keys()])
    return table
  }

  /**
   * The entries of the table as lines of consumerOffset.json. Only those that changed since the last call are
   * formatted: with 100,000 of them that is the difference between a pause and none.
   */
  *fileEntries(): IterableIterator<string> {
    for (const [group, topics] of this.#groups) {
      for (const [topic, entry] of topics) {
        entry.text ??= formatEntry(`${topic}${separator}${group}`, entry.queues)
        yield entry.text
      }
    }
  }

  #entry(group: string, topic: string): TopicOffsets {
    let topics = this.#groups.get(group)
    if (topics === undefined) {
      topics = new Map()
      this.#groups.set(group, topics)
    }
    let entry = topics.get(topic)
    if (entry === undefined) {
      entry = { queues: new Map(), text: undefined }
      topics.set(topic, entry)
    }
    return entry
  }
}

const noQueues: ReadonlyMap<number, number> = new Map()

function formatEntry(key: string, queues: ReadonlyMap<number, number>): string {
  let text = `\t\t${JSON.stringify(key)}:{`
  let mark = '\n'
  for (const queueId of [...queues.keys()].sort((left, right) => left - right)) {
    text += `${mark}\t\t\t${queueId}:${queues.get(queueId)}`
    mark = ',\n'
  }
  return `${text}\n\t\t}`
}
