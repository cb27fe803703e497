import { EarlierReceipts } from './earlier-receipts.ts'

/** What names a checkpoint: the messages that a group was given of a queue by one request. */
export interface CheckpointName {
  topic: string
  group: string
  queueId: number
  startOffset: number
  /** Milliseconds since 1970. */
  popTime: number
}

export interface Checkpoint extends CheckpointName {
  /** Milliseconds. */
  invisibleTime: number
  /** Queue offsets of the messages, ascending, at most 32. */
  offsets: readonly number[]
  reviveQueueId: number
  /** To become visible again does not count as another delivery. */
  isSuspended: boolean
  /** The receipt that the message had before its invisible time was changed. */
  replaced?: Pick<CheckpointName, 'startOffset' | 'popTime'> | undefined
  /**
   * Of one that was read: where the log ended when it was written. What stands at its offsets behind that is of a topic that
   * was made anew. Undefined for one of an official broker.
   */
  logEnd?: number | undefined
}

/** What receipts say of a checkpoint beside its name. */
export type ReceiptName = CheckpointName & Pick<Checkpoint, 'invisibleTime' | 'reviveQueueId'>

/** Milliseconds since 1970 at which the messages that are not acknowledged become visible again. */
export function visibleAt({ popTime, invisibleTime }: Pick<Checkpoint, 'popTime' | 'invisibleTime'>): number {
  return popTime + invisibleTime
}

function placeKey({ topic, group, queueId }: CheckpointName): string {
  return `${topic}@${group}@${queueId}`
}

export function checkpointKey({ topic, group, queueId, startOffset, popTime }: CheckpointName): string {
  return `${topic}@${group}@${queueId}@${startOffset}@${popTime}`
}

/** Messages of a queue that a group was given and did not acknowledge. */
interface Unacknowledged {
  readonly key: string
  readonly topic: string
  readonly group: string
  readonly queueId: number
  count: number
}

/** A checkpoint of which messages are not acknowledged. Bits are by the places of the messages. */
interface Open {
  /** In the order in which they were given. */
  readonly number: number
  readonly checkpoint: Checkpoint
  /** Its messages are counted there. */
  readonly place: Unacknowledged
  acknowledged: number
  /** Of those that are acknowledged: they were given out once more instead, with another receipt. */
  replaced: number
  /** Their acknowledgement is being stored. */
  underWay: number
}

export interface ReceiptsOptions {
  /**
   * Milliseconds since 1970 that an earlier life has seen: what was to be visible again by then may be so, though the clock was
   * set back since.
   */
  pastMs?: number | undefined
  /** Goes through steps, with turns of others in between. */
  inSlices?: ((steps: Iterator<unknown>) => void) | undefined
  /** Of a queue a group has fewer messages that it did not acknowledge: so many after and before. */
  onLess?:
    | ((place: Pick<CheckpointName, 'topic' | 'group' | 'queueId'>, after: number, before: number) => void)
    | undefined
}

const lookedAtInStep = 64

function atOnce(steps: Iterator<unknown>): void {
  while (steps.next().done !== true);
}

/** What becomes of an acknowledgement. */
export type Acknowledging =
  /** It is to be stored; `settle` follows. */
  | 'begun'
  /** It counts already. */
  | 'done'
  /** Another one of the same message is being stored. */
  | 'under-way'
  /** The message has another receipt since. */
  | 'replaced'
  /** The checkpoint has no such message. */
  | 'no-such-message'
  /** The message is visible again, though by the clock, which was set back, it is not time yet. */
  | 'expired'
  /** This broker, since it runs, gave no such receipt. */
  | 'never-given'
  /** The receipt may be of an earlier life of the broker: it is to be stored, and counts when its checkpoint is there. */
  | 'unknown'

/** What of a checkpoint is to become visible again. */
export type Outstanding =
  | { kind: 'offsets'; offsets: readonly number[] }
  /** An acknowledgement is being stored. */
  | { kind: 'wait' }

/**
 * The receipts that this broker gave since it runs, and which of them are acknowledged. Those of earlier lives are known
 * by the revive topic alone.
 */
export class Receipts {
  readonly #startMs: number
  readonly #open = new Map<string, Open>()
  /** Checkpoints whose messages are all acknowledged, and which are not due yet: the oldest first. */
  readonly #done = new Map<string, Open>()
  readonly #doneMax: () => number
  /** The newest of those that were given up to keep within the limit. */
  #forgottenMs = Number.NEGATIVE_INFINITY
  /** The latest time of those whose messages became visible again. */
  #revivedMs: number
  readonly #earlier: EarlierReceipts
  /** By `topic@group@queueId`. */
  readonly #outstanding = new Map<string, Unacknowledged>()
  /** The name that a key was made of last: it is asked for again mostly. */
  #lastName: CheckpointName | undefined
  #lastKey = ''
  #messageCount = 0
  #givenCount = 0
  readonly #inSlices: NonNullable<ReceiptsOptions['inSlices']>
  readonly #onLess: ReceiptsOptions['onLess']

  /**
   * @param startMs milliseconds since 1970 at which this life of the broker began
   * @param doneMax acknowledged checkpoints to remember, to tell a repeated acknowledgement from a forged one, and as many
   *   of earlier lives of which messages were acknowledged or have another receipt
   */
  constructor(
    startMs: number,
    doneMax: () => number,
    { onLess, inSlices = atOnce, pastMs = Number.NEGATIVE_INFINITY }: ReceiptsOptions = {},
  ) {
    this.#startMs = startMs
    this.#doneMax = doneMax
    this.#earlier = new EarlierReceipts(doneMax)
    this.#onLess = onLess
    this.#inSlices = inSlices
    this.#revivedMs = pastMs
  }

  /** Checkpoints with messages that are not acknowledged. */
  get openCount(): number {
    return this.#open.size
  }

  /** Messages that are not acknowledged. */
  get messageCount(): number {
    return this.#messageCount
  }

  /** Messages of a queue that a group was given and did not acknowledge. */
  outstandingIn(topic: string, group: string, queueId: number): number {
    return this.#outstanding.get(`${topic}@${group}@${queueId}`)?.count ?? 0
  }

  /** Whether a checkpoint of that name was given and is not due yet. */
  has(name: CheckpointName): boolean {
    const key = this.#keyOf(name)
    return this.#open.has(key) || this.#done.has(key)
  }

  add(checkpoint: Checkpoint): void {
    const place = this.#placeOf(checkpoint)
    const open = { number: ++this.#givenCount, checkpoint, place, acknowledged: 0, replaced: 0, underWay: 0 }
    this.#open.set(this.#keyOf(checkpoint), open)
    this.#count(open, checkpoint.offsets.length)
  }

  /** An acknowledgement came: when it has `begun` or is of an `unknown` receipt, `settle` follows. */
  acknowledge(name: ReceiptName, queueOffset: number): Acknowledging {
    const key = checkpointKey(name)
    const open = this.#open.get(key)
    if (open === undefined) {
      const acknowledging = this.#ofClosed(key, name, queueOffset)
      if (acknowledging === 'unknown') this.#earlier.begin(key, queueOffset)
      return acknowledging
    }
    const bit = namedBit(open.checkpoint, name, queueOffset)
    if (bit === 0) return 'no-such-message'
    if ((open.acknowledged & bit) !== 0) return (open.replaced & bit) === 0 ? 'done' : 'replaced'
    if ((open.underWay & bit) !== 0) return 'under-way'
    open.underWay |= bit
    return 'begun'
  }

  /**
   * An acknowledgement is stored, or could not be.
   * @param isReplaced the message has another receipt from now on
   */
  settle(name: ReceiptName, queueOffset: number, isStored: boolean, isReplaced = false): void {
    const key = checkpointKey(name)
    const open = this.#open.get(key)
    if (open === undefined) {
      const { invisibleTime, reviveQueueId } = name
      const ended = { end: isReplaced ? 'replaced' : 'done', way: { invisibleTime, reviveQueueId } } as const
      this.#earlier.settle(key, queueOffset, isStored ? ended : undefined)
      return
    }
    const { checkpoint } = open
    const bit = bitOf(checkpoint, queueOffset)
    open.underWay &= ~bit
    if (!isStored || (open.acknowledged & bit) !== 0) return
    open.acknowledged |= bit
    if (isReplaced) open.replaced |= bit
    this.#count(open, -1)
    if (open.acknowledged === allBits(checkpoint)) this.#finish(key, open)
  }

  /** Whether an acknowledgement of a checkpoint of an earlier life is being stored. */
  isForeignUnderWay(name: CheckpointName): boolean {
    return this.#earlier.isUnderWay(checkpointKey(name))
  }

  /** What is to become visible again of a checkpoint that this life of the broker gave, now that its time has come. */
  outstanding(name: CheckpointName): Outstanding {
    const open = this.#open.get(checkpointKey(name))
    if (open === undefined) return { kind: 'offsets', offsets: [] }
    if (open.underWay !== 0) return { kind: 'wait' }
    const { checkpoint, acknowledged } = open
    return { kind: 'offsets', offsets: checkpoint.offsets.filter((_, index) => (acknowledged & (1 << index)) === 0) }
  }

  /** A message of a checkpoint of an earlier life has another receipt since. */
  noteReplaced(name: CheckpointName, queueOffset: number): void {
    this.#earlier.note(checkpointKey(name), queueOffset, { end: 'replaced', way: undefined })
  }

  /** A checkpoint of an earlier life is dealt with. */
  closeForeign(name: CheckpointName): void {
    this.#earlier.forget(checkpointKey(name))
  }

  /** Messages of a checkpoint, of whichever life, become visible again: what is as old and not open is so already. */
  revive(checkpoint: Checkpoint): void {
    this.#revivedMs = Math.max(this.#revivedMs, visibleAt(checkpoint))
  }

  /** The time of a checkpoint has come, and what was not acknowledged is visible again. */
  close(name: CheckpointName): void {
    const key = checkpointKey(name)
    this.#done.delete(key)
    this.#earlier.forget(key)
    const open = this.#open.get(key)
    if (open !== undefined) this.#close(key, open)
  }

  #close(key: string, open: Open): void {
    this.#open.delete(key)
    this.#count(open, -unacknowledged(open))
  }

  /** Forgets a topic that was deleted. */
  removeTopic(topic: string): void {
    this.#removeWhere((checkpoint) => checkpoint.topic === topic)
  }

  /** Forgets a group that was deleted with its offsets: it was given nothing when it is made anew. */
  removeGroup(group: string): void {
    this.#removeWhere((checkpoint) => checkpoint.group === group)
  }

  #removeWhere(isRemoved: (checkpoint: Checkpoint) => boolean): void {
    this.#inSlices(this.#removal(isRemoved, this.#givenCount))
  }

  /** @param last number of what was given before: what is made anew under the name is given later */
  *#removal(isRemoved: (checkpoint: Checkpoint) => boolean, last: number): Generator<void> {
    let count = 0
    for (const [key, open] of this.#open) {
      if (open.number > last) break
      if (isRemoved(open.checkpoint)) this.#close(key, open)
      if (++count % lookedAtInStep === 0) yield
    }
    for (const [key, { number, checkpoint }] of this.#done) {
      if (number <= last && isRemoved(checkpoint)) this.#done.delete(key)
      if (++count % lookedAtInStep === 0) yield
    }
  }

  #ofClosed(key: string, name: ReceiptName, queueOffset: number): Acknowledging {
    const done = this.#done.get(key)
    if (done !== undefined) {
      const bit = namedBit(done.checkpoint, name, queueOffset)
      if (bit === 0) return 'no-such-message'
      return (done.replaced & bit) === 0 ? 'done' : 'replaced'
    }
    const { popTime } = name
    if (visibleAt(name) <= this.#revivedMs) return 'expired'
    const isEarlier = popTime < this.#startMs || popTime <= this.#forgottenMs
    const state = this.#earlier.state(key, queueOffset, name)
    return state === 'unknown' && !isEarlier ? 'never-given' : state
  }

  #finish(key: string, open: Open): void {
    this.#open.delete(key)
    this.#done.set(key, open)
    const max = this.#doneMax()
    for (const [oldest, { checkpoint, replaced }] of this.#done) {
      if (this.#done.size <= max) return
      this.#done.delete(oldest)
      this.#forgottenMs = Math.max(this.#forgottenMs, checkpoint.popTime)
      // Otherwise the message would be given out once more by the receipt that it had before.
      for (const [index, offset] of checkpoint.offsets.entries()) {
        if ((replaced & (1 << index)) !== 0) this.noteReplaced(checkpoint, offset)
      }
    }
  }

  #keyOf(name: CheckpointName): string {
    if (name !== this.#lastName) {
      this.#lastName = name
      this.#lastKey = checkpointKey(name)
    }
    return this.#lastKey
  }

  #placeOf(name: CheckpointName): Unacknowledged {
    const key = placeKey(name)
    const known = this.#outstanding.get(key)
    if (known !== undefined) return known
    const { topic, group, queueId } = name
    const place = { key, topic, group, queueId, count: 0 }
    this.#outstanding.set(key, place)
    return place
  }

  #count({ place }: Open, change: number): void {
    this.#messageCount += change
    place.count += change
    if (place.count <= 0) this.#outstanding.delete(place.key)
    if (change < 0) this.#onLess?.(place, place.count, place.count - change)
  }
}

/** The record of an acknowledgement goes where its receipt says, and has to come behind that of the checkpoint. */
function namedBit(checkpoint: Checkpoint, { invisibleTime, reviveQueueId }: ReceiptName, queueOffset: number): number {
  const isNamed = invisibleTime === checkpoint.invisibleTime && reviveQueueId === checkpoint.reviveQueueId
  return isNamed ? bitOf(checkpoint, queueOffset) : 0
}

function bitOf({ offsets }: Checkpoint, queueOffset: number): number {
  const index = offsets.indexOf(queueOffset)
  return index < 0 ? 0 : 1 << index
}

function allBits({ offsets }: Checkpoint): number {
  return offsets.reduce((bits, _, index) => bits | (1 << index), 0)
}

function unacknowledged({ checkpoint, acknowledged }: Open): number {
  let count = checkpoint.offsets.length
  for (let bits = acknowledged; bits !== 0; bits &= bits - 1) count--
  return count
}
