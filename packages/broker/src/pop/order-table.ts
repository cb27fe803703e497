import type { Clock } from '@rocketmq-ts/platform'
import { type ConsumerOrder, consumerOrderBody, type QueueOrder, stringifyStandard } from '@rocketmq-ts/protocol'
import { type KeptFolder, KeptState } from '../kept/index.ts'

export interface OrderKey {
  topic: string
  group: string
  queueId: number
}

/** Messages that were given out in order, of one queue to one group. */
interface Given {
  readonly popTime: number
  readonly invisibleTime: number
  readonly attemptId: string | undefined
  readonly offsets: readonly number[]
  readonly acknowledged: Set<number>
  /** Messages of earlier deliveries, not acknowledged, between these and what is acknowledged behind them. */
  readonly between: readonly number[]
  /** Deliveries before this one; 0 is left out. */
  readonly counts: ReadonlyMap<number, number>
  readonly visibleMs: Map<number, number>
  readonly lastMs: number
  /** Whether the next delivery is not counted as another one. */
  isSuspended: boolean
}

export interface NewlyGiven {
  popTime: number
  invisibleTime: number
  attemptId: string | undefined
  offsets: readonly number[]
}

export interface OrderTableParts {
  clock: Clock
  /** Where it is kept; left out when it is in memory alone, and what is acknowledged is forgotten. */
  kept?: { config: KeptFolder; flushIntervalMs: number }
  /** Where a group goes on: what is before that is acknowledged. */
  committed(key: OrderKey): number
  /** Whether topic, queue and group are still there. */
  isKept(key: OrderKey): boolean
}

const keptMs = 24 * 60 * 60 * 1000
/** Topics and groups that are looked at for queues that can be forgotten, so that others have their turn. */
const lookedAtMax = 100

/**
 * What groups were given in order and did not acknowledge. Nothing more is given of a queue until all of it is
 * acknowledged or visible again, but for the attempt that it was given to, which asks once more when its answer was lost.
 * Kept in config/consumerOrderInfo.json, unless it is in memory alone.
 */
export class OrderTable {
  readonly #parts: OrderTableParts
  readonly #clock: Clock
  /** `topic@group` to queue id. */
  readonly #groups = new Map<string, Map<number, Given>>()
  readonly #kept: KeptState<ConsumerOrder> | undefined
  #count = 0
  /** Where looking for queues that can be forgotten goes on. */
  #looking: IterableIterator<[string, Map<number, Given>]> | undefined
  /** How often something was removed, and how often when what the file has was made. */
  #removalCount = 0
  #keptRemovalCount = 0

  /** @throws Error when the file is there and cannot be used */
  constructor(parts: OrderTableParts) {
    const { clock, kept } = parts
    this.#parts = parts
    this.#clock = clock
    this.#kept =
      kept &&
      new KeptState(kept.config, {
        file: 'consumerOrderInfo.json',
        parse: (text) => consumerOrderBody.parse(text),
        pieces: () => [stringifyStandard(consumerOrderBody.toWritable(this.#content()))],
        intervalMs: kept.flushIntervalMs,
        gatherMs: kept.flushIntervalMs,
        isProgress: true,
      })
    for (const [key, queues] of this.#kept?.content?.table ?? []) {
      const loaded = new Map<number, Given>()
      for (const [queueId, order] of queues) {
        // A process that died while a topic was deleted has left what was given of it.
        if (order.o.length <= bitsMax && parts.isKept(keyOf(key, queueId))) loaded.set(queueId, givenOf(order))
        else this.#removalCount++
      }
      if (loaded.size > 0) this.#groups.set(key, loaded)
      this.#count += loaded.size
    }
    if (this.#removalCount === 0) return
    this.#kept?.later()
    this.removed().catch((error: unknown) => {
      kept?.config.log.error({ err: error }, 'what was given of deleted topics could not be removed from its file')
    })
  }

  /** Queues of which something was given in order lately. */
  get count(): number {
    return this.#count
  }

  /**
   * Whether something of a queue may be given: at most so many are noted. Those that nothing holds back any more are
   * forgotten first, some at each call, with how often their messages were given. One of which messages are acknowledged
   * behind others that are not is forgotten a day after something was given of it, and not before: they would come again.
   */
  hasRoom(key: OrderKey, max: number): boolean {
    if (this.#count < max || this.#given(key) !== undefined) return true
    this.#forgetFree()
    return this.#count < max
  }

  /** When a queue may be read again for a group, in milliseconds since 1970; undefined for now. */
  blockedUntilMs(key: OrderKey): number | undefined {
    const given = this.#given(key)
    if (given === undefined) return undefined
    const nowMs = this.#clock.now()
    const committed = this.#parts.committed(key)
    let untilMs: number | undefined
    for (const offset of given.offsets) {
      if (offset < committed || given.acknowledged.has(offset)) continue
      const visibleMs = given.visibleMs.get(offset) ?? given.popTime + given.invisibleTime
      if (visibleMs > nowMs && (untilMs === undefined || visibleMs > untilMs)) untilMs = visibleMs
    }
    return untilMs
  }

  /** Whether a queue may not be read for an attempt of a group. */
  isBlocked(key: OrderKey, attemptId: string | undefined): boolean {
    const given = this.#given(key)
    if (given === undefined || (attemptId !== undefined && given.attemptId === attemptId)) return false
    return this.blockedUntilMs(key) !== undefined
  }

  /** Whether a message behind others that are not was acknowledged: it does not come again. */
  isAcknowledged(key: OrderKey, queueOffset: number): boolean {
    return this.#given(key)?.acknowledged.has(queueOffset) === true
  }

  /** @returns deliveries of each message before this one, where there were some */
  give(key: OrderKey, { popTime, invisibleTime, attemptId, offsets }: NewlyGiven): ReadonlyMap<number, number> {
    const before = this.#given(key)
    const counts = countsAfter(before, attemptId, offsets)
    const acknowledged = new Set(before?.acknowledged)
    for (const offset of acknowledged) if (offset < offsets[0]!) acknowledged.delete(offset)
    const lastMs = this.#clock.now()
    const given = {
      popTime,
      invisibleTime,
      attemptId,
      offsets,
      acknowledged,
      between: openBetween(before, offsets.at(-1)!, acknowledged),
      counts,
      visibleMs: new Map(),
      lastMs,
      isSuspended: false,
    }
    const name = nameOf(key)
    const queues = this.#groups.get(name)
    if (before === undefined) this.#count++
    if (queues === undefined) this.#groups.set(name, new Map([[key.queueId, given]]))
    else queues.set(key.queueId, given)
    this.#kept?.later()
    return counts
  }

  /**
   * A message is acknowledged that was given at a time.
   * @returns the offset before which all is acknowledged; undefined when it was not given then
   */
  acknowledge(key: OrderKey, queueOffset: number, popTime: number): number | undefined {
    const given = this.#given(key)
    if (given === undefined || given.popTime !== popTime || !given.offsets.includes(queueOffset)) return undefined
    given.acknowledged.add(queueOffset)
    this.#kept?.later()
    const { offsets, acknowledged } = given
    const next = offsets.find((offset) => !acknowledged.has(offset))
    if (next !== undefined) return next
    // What was acknowledged before these, which had been given together with it, is done too.
    let behind = offsets.at(-1)! + 1
    while (acknowledged.has(behind)) behind++
    const isAll = ![...acknowledged].some((offset) => offset > behind)
    if (isAll && this.#kept === undefined) this.clear(key)
    return behind
  }

  /** What was given at a time was given to nobody: it can be given now. */
  takeBack(key: OrderKey, popTime: number, offsets: readonly number[]): void {
    this.suspend(key, popTime)
    for (const offset of offsets) this.setVisible(key, offset, popTime, this.#clock.now())
  }

  /** What was given at a time comes again without being counted. */
  suspend(key: OrderKey, popTime: number): void {
    const given = this.#given(key)
    if (given?.popTime === popTime) given.isSuspended = true
  }

  /** A message that was given at a time is visible again at another one. @returns false when it was not given then */
  setVisible(key: OrderKey, queueOffset: number, popTime: number, visibleMs: number): boolean {
    const given = this.#given(key)
    if (given === undefined || given.popTime !== popTime || !given.offsets.includes(queueOffset)) return false
    if (given.acknowledged.has(queueOffset)) return false
    given.visibleMs.set(queueOffset, visibleMs)
    this.#kept?.later()
    return true
  }

  /** A group goes on elsewhere: nothing holds it back. */
  clear(key: OrderKey): void {
    const name = nameOf(key)
    const queues = this.#groups.get(name)
    if (!queues?.delete(key.queueId)) return
    this.#count--
    if (queues.size === 0) this.#groups.delete(name)
    this.#kept?.later()
  }

  removeTopic(topic: string): void {
    this.#removeWhere((name) => name.startsWith(topic) && name.lastIndexOf('@') === topic.length)
  }

  removeGroup(group: string): void {
    this.#removeWhere((name) => name.endsWith(group) && name.lastIndexOf('@') === name.length - group.length - 1)
  }

  /**
   * Resolves when what was removed until now is not there at the next start either: it would tell of other messages, of a
   * topic that is made anew.
   * @throws the file system's errors, and Error when the log cannot be synced; it is then tried again later
   */
  async removed(): Promise<void> {
    const count = this.#removalCount
    if (count === this.#keptRemovalCount) return
    await this.#kept?.writtenSoon()
    this.#keptRemovalCount = Math.max(this.#keptRemovalCount, count)
  }

  #removeWhere(isRemoved: (name: string) => boolean): void {
    for (const name of this.#groups.keys()) {
      if (!isRemoved(name)) continue
      this.#remove(name)
      this.#removalCount++
    }
  }

  /** Writes what is not written yet. */
  close(): void {
    this.#kept?.close()
  }

  #remove(name: string): void {
    this.#count -= this.#groups.get(name)?.size ?? 0
    if (this.#groups.delete(name)) this.#kept?.later()
  }

  #forgetFree(): void {
    for (let looked = 0; looked < lookedAtMax; looked++) {
      this.#looking ??= this.#groups.entries()
      const { value, done } = this.#looking.next()
      if (done === true) {
        this.#looking = undefined
        return
      }
      const [name, queues] = value
      for (const [queueId, { lastMs }] of [...queues]) {
        const key = keyOf(name, queueId)
        const isNeeded = this.#hasAcknowledged(key) && this.#clock.now() - lastMs <= keptMs
        if (!isNeeded && this.blockedUntilMs(key) === undefined) this.clear(key)
      }
    }
  }

  /** Whether something is acknowledged behind where the group goes on. */
  #hasAcknowledged(key: OrderKey): boolean {
    const committed = this.#parts.committed(key)
    for (const offset of this.#given(key)?.acknowledged ?? []) if (offset >= committed) return true
    return false
  }

  #given(key: OrderKey): Given | undefined {
    return this.#groups.get(nameOf(key))?.get(key.queueId)
  }

  #content(): ConsumerOrder {
    const nowMs = this.#clock.now()
    const table = new Map<string, Map<number, QueueOrder>>()
    for (const [name, queues] of this.#groups) {
      for (const [queueId, { lastMs }] of queues) {
        const isOver = nowMs - lastMs > keptMs || !this.#parts.isKept(keyOf(name, queueId))
        if (isOver && queues.delete(queueId)) this.#count--
      }
      if (queues.size === 0) this.#groups.delete(name)
      else table.set(name, new Map([...queues].map(([queueId, given]) => [queueId, orderOf(given)])))
    }
    return { orderInfoCount: 0, orderedConsumptionLevel: 'QUEUE', table }
  }
}

const bitsMax = 52

function nameOf({ topic, group }: OrderKey): string {
  return `${topic}@${group}`
}

function keyOf(name: string, queueId: number): OrderKey {
  const at = name.lastIndexOf('@')
  return { topic: name.slice(0, at), group: name.slice(at + 1), queueId }
}

/** An attempt that asks once more has the messages for the first time still. */
function countsAfter(
  before: Given | undefined,
  attemptId: string | undefined,
  offsets: readonly number[],
): ReadonlyMap<number, number> {
  if (before === undefined) return new Map()
  if (before.isSuspended || (attemptId !== undefined && before.attemptId === attemptId)) return before.counts
  return new Map(
    offsets
      .filter((offset) => before.offsets.includes(offset))
      .map((offset) => [offset, (before.counts.get(offset) ?? 0) + 1]),
  )
}

function openBetween(before: Given | undefined, last: number, acknowledged: ReadonlySet<number>): readonly number[] {
  if (before === undefined || acknowledged.size === 0) return []
  const end = Math.max(...acknowledged)
  return [...before.offsets, ...before.between].filter(
    (offset) => offset > last && offset < end && !acknowledged.has(offset),
  )
}

function givenOf({ popTime, a, cm, i = 0, l, o, oc, ot }: QueueOrder): Given {
  const first = o[0] ?? 0
  const offsets = o.map((distance, index) => (index === 0 ? distance : first + distance))
  const acknowledged = new Set(offsets.filter((_, index) => Math.floor(cm / 2 ** index) % 2 === 1))
  const times = { popTime, invisibleTime: i, lastMs: l }
  return {
    ...times,
    attemptId: a,
    offsets,
    acknowledged,
    between: [],
    counts: new Map(oc),
    visibleMs: new Map(ot),
    isSuspended: false,
  }
}

function orderOf(given: Given): QueueOrder {
  const { popTime, invisibleTime, attemptId, acknowledged, between, counts, lastMs } = given
  // What is acknowledged behind these must not come again after a restart, and what is before that must not be passed by.
  const all = new Set([...given.offsets, ...between, ...acknowledged])
  const offsets = [...all].sort((one, other) => one - other).slice(0, bitsMax)
  const visibleMs = new Map([...given.visibleMs, ...between.map((offset) => [offset, popTime] as const)])
  const first = offsets[0] ?? 0
  const order: QueueOrder = {
    popTime,
    i: invisibleTime,
    l: lastMs,
    o: offsets.map((offset, index) => (index === 0 ? offset : offset - first)),
    cm: offsets.reduce((bits, offset, index) => bits + (acknowledged.has(offset) ? 2 ** index : 0), 0),
  }
  if (attemptId !== undefined) order.a = attemptId
  if (counts.size > 0) order.oc = new Map(counts)
  if (visibleMs.size > 0) order.ot = visibleMs
  return order
}
