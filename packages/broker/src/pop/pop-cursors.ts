/** The offsets that groups have committed. */
export interface CommittedOffsets {
  offset(group: string, topic: string, queueId: number): number | undefined
  commit(group: string, topic: string, queueId: number, offset: number): void
}

/** Messages of a queue that were read for one request, and whose checkpoint is being stored. */
export interface PopSpan {
  readonly start: number
  readonly next: number
  isStored: boolean
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
    return this.#spans.length > 0 ? this.#position : this.#committed.offset(this.group, this.topic, this.queueId)
  }

  get isIdle(): boolean {
    return !this.isReading && this.#spans.length === 0
  }

  /** The group goes on there, whatever it was given. */
  moveTo(offset: number): void {
    this.#spans = []
    this.#commit(offset)
  }

  /** Takes what was read from `position` on, up to `next`. */
  take(start: number, next: number): PopSpan {
    const span: PopSpan = { start, next, isStored: false }
    this.#spans.push(span)
    this.#position = next
    return span
  }

  /** The checkpoint of a span is stored, or it needs none. */
  stored(span: PopSpan): void {
    // One that is not there was read anew since, from before it on.
    span.isStored = true
    let next: number | undefined
    while (this.#spans[0]?.isStored === true) next = this.#spans.shift()!.next
    if (next !== undefined) this.#commit(next)
  }

  /** The checkpoint of a span could not be stored: it is read again, and with it what was read behind it. */
  refused(span: PopSpan): void {
    const index = this.#spans.indexOf(span)
    if (index < 0) return
    this.#spans.length = index
    this.#position = span.start
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

function keyOf(group: string, topic: string, queueId: number): string {
  return `${topic}@${group}@${queueId}`
}
