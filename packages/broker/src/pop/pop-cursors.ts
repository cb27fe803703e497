/** The offsets that groups have committed. */
export interface CommittedOffsets {
  offset(group: string, topic: string, queueId: number): number | undefined
  commit(group: string, topic: string, queueId: number, offset: number): void
}

/** Messages of a queue that were read for one request. */
export interface PopSpan {
  readonly start: number
  readonly next: number
  /** `returned` ones were given to nobody: they are read again. */
  state: 'under-way' | 'stored' | 'returned'
}

/**
 * How far a group has come in a queue by POP. It reads on behind what it was given, while the offset that lasts follows
 * only as far as checkpoints are stored: what has none is read once more after a crash, or when it could not be stored.
 */
export class PopCursor {
  /** `topic@group@queueId`. */
  readonly key: string
  readonly group: string
  readonly topic: string
  readonly queueId: number
  /** Somebody reads at the position: others pass the queue by. */
  isReading = false
  /** Its topic or group was deleted, or the ends of queues were cut off: it moves nothing any more. */
  isForgotten = false
  readonly #committed: CommittedOffsets
  #spans: PopSpan[] = []
  #returnedCount = 0
  #position = 0

  constructor(key: string, group: string, topic: string, queueId: number, committed: CommittedOffsets) {
    this.key = key
    this.group = group
    this.topic = topic
    this.queueId = queueId
    this.#committed = committed
  }

  /** The offset of the next message for the group; undefined for a group that is new to the queue. */
  get position(): number | undefined {
    if (this.#spans.length === 0) return this.#committed.offset(this.group, this.topic, this.queueId)
    return this.#returned()?.start ?? this.#position
  }

  /** What is read at the position ends here: others have what is behind it. */
  get limit(): number {
    return this.#returned()?.next ?? Number.POSITIVE_INFINITY
  }

  get isIdle(): boolean {
    return !this.isReading && this.#spans.length === 0
  }

  /** The group goes on there, whatever it was given. */
  moveTo(offset: number): void {
    this.#spans = []
    this.#returnedCount = 0
    this.#commit(offset)
  }

  /** Takes what was read from what was the position on, up to `next`, which is not behind what was the limit. */
  take(start: number, next: number): PopSpan {
    const span: PopSpan = { start, next, state: 'under-way' }
    const index =
      this.#returnedCount === 0 ? -1 : this.#spans.findIndex((one) => isReturned(one) && isWithin(start, one))
    if (index < 0) {
      this.#spans.push(span)
      this.#position = next
      return span
    }
    const { next: end } = this.#spans[index]!
    if (next < end) this.#spans.splice(index, 1, span, { start: next, next: end, state: 'returned' })
    else {
      this.#spans[index] = span
      this.#returnedCount--
    }
    return span
  }

  /** The checkpoint of a span is stored, or it needs none. */
  stored(span: PopSpan): void {
    // One that is not there was read anew since, from before it on.
    span.state = 'stored'
    let next: number | undefined
    while (this.#spans[0]?.state === 'stored') next = this.#spans.shift()!.next
    if (next !== undefined) this.#commit(next)
  }

  /** The checkpoint of a span could not be stored, or nobody may have its messages: they are read again. */
  refused(span: PopSpan): void {
    if (!this.#spans.includes(span)) return
    span.state = 'returned'
    this.#returnedCount++
    // Whoever reads behind it at this moment takes what is there.
    if (this.isReading) return
    for (let last = this.#spans.at(-1); last?.state === 'returned'; last = this.#spans.at(-1)) {
      this.#position = last.start
      this.#spans.pop()
      this.#returnedCount--
    }
  }

  #returned(): PopSpan | undefined {
    return this.#returnedCount > 0 ? this.#spans.find(isReturned) : undefined
  }

  #commit(offset: number): void {
    if (!this.isForgotten) this.#committed.commit(this.group, this.topic, this.queueId, offset)
  }
}

/** The cursors of groups that are reading; the others are what is committed. */
export class PopCursors {
  readonly #committed: CommittedOffsets
  readonly #cursors = new Map<string, PopCursor>()

  constructor(committed: CommittedOffsets) {
    this.#committed = committed
  }

  get count(): number {
    return this.#cursors.size
  }

  at(group: string, topic: string, queueId: number): PopCursor {
    const key = keyOf(group, topic, queueId)
    let cursor = this.#cursors.get(key)
    if (cursor === undefined) {
      cursor = new PopCursor(key, group, topic, queueId, this.#committed)
      this.#cursors.set(key, cursor)
    }
    return cursor
  }

  /** Where a group goes on; undefined when it is new to the queue. */
  position(group: string, topic: string, queueId: number): number | undefined {
    const known = this.#cursors.get(keyOf(group, topic, queueId))
    return known === undefined ? this.#committed.offset(group, topic, queueId) : known.position
  }

  /** Forgets a cursor that nobody uses. */
  release(cursor: PopCursor): void {
    if (cursor.isIdle && !cursor.isForgotten) this.#cursors.delete(cursor.key)
  }

  /** Forgets a topic that was deleted. */
  removeTopic(topic: string): void {
    for (const [key, cursor] of this.#cursors) if (cursor.topic === topic) this.#forget(key, cursor)
  }

  /** Forgets a group that was deleted with its offsets. */
  removeGroup(group: string): void {
    for (const [key, cursor] of this.#cursors) if (cursor.group === group) this.#forget(key, cursor)
  }

  /** Forgets everything: the ends of queues were cut off. */
  clear(): void {
    for (const [key, cursor] of this.#cursors) this.#forget(key, cursor)
  }

  #forget(key: string, cursor: PopCursor): void {
    this.#cursors.delete(key)
    cursor.isForgotten = true
  }
}

function isWithin(offset: number, { start, next }: PopSpan): boolean {
  return offset >= start && offset < next
}

function isReturned({ state }: PopSpan): boolean {
  return state === 'returned'
}

function keyOf(group: string, topic: string, queueId: number): string {
  return `${topic}@${group}@${queueId}`
}
