import type { ConsumeQueue } from './consume-queue.ts'
import type { LightSlots } from './light-slots.ts'

/** Light queues that are open at once: of very many, most are closed. */
const defaultOpenMax = 10_000
/** Queues that are looked at when one is to be closed. */
const lookedAtMax = 64
const notOpened = -1

/**
 * The light queues of a store: their names, where each ends, and those that are open. There may be a million: of one that
 * is closed no more than its name, and its slot or its end, is in memory.
 */
export class OpenLightQueues {
  /** Those with few messages. */
  readonly slots: LightSlots
  /** Of those in files: name to the end of the queue; -1 when nobody has looked since the store was opened, or it is open. */
  readonly #ends = new Map<string, number>()
  /** In the order in which they were opened. */
  readonly #open = new Set<ConsumeQueue>()
  /** Names of queues that were closed with units that a power failure may take, and where these begin in bytes. */
  readonly #unsynced = new Map<string, number>()
  /** The one that a sync in the background is at. */
  #syncing: [name: string, position: number] | undefined
  /** Those in slots that were closed while the store was being recovered; undefined afterwards: all slots are right then. */
  #closedInRecovery: Set<string> | undefined = new Set()

  readonly #openMax: number

  /** @param inFiles names of those that have files */
  constructor(inFiles: Iterable<string>, slots: LightSlots, openMax = defaultOpenMax) {
    this.slots = slots
    this.#openMax = openMax
    for (const name of inFiles) this.#ends.set(name, notOpened)
  }

  get count(): number {
    return this.#ends.size + this.slots.count
  }

  has(name: string): boolean {
    return this.#ends.has(name) || this.slots.has(name)
  }

  hasFiles(name: string): boolean {
    return this.#ends.has(name)
  }

  /**
   * Those in slots, then those that have files: one that moves meanwhile is among them. What is added or removed meanwhile may
   * be, too.
   */
  *names(): IterableIterator<string> {
    yield* this.slots.names()
    yield* this.#ends.keys()
  }

  /** Names of those that have files. */
  namesInFiles(): IterableIterator<string> {
    return this.#ends.keys()
  }

  /** Names of those that have files and a slot: a dead process was moving them. */
  namesInBoth(): string[] {
    return [...this.#ends.keys()].filter((name) => this.slots.has(name))
  }

  /** The end of a queue that is closed; undefined when its files tell it, or the open queue. */
  endOfClosed(name: string): number | undefined {
    const end = this.#ends.get(name)
    if (end !== undefined) return end === notOpened ? undefined : end
    if (!this.slots.has(name) || this.#closedInRecovery?.has(name) === false) return undefined
    return this.slots.endOf(name)
  }

  /** Whether nothing in the files of a queue that is not open is of an earlier process, and does not count. */
  isAsClosed(name: string): boolean {
    const end = this.#ends.get(name)
    if (end !== undefined) return end !== notOpened
    return this.slots.has(name) && this.#closedInRecovery?.has(name) !== false
  }

  /** From now on what is in slots counts. */
  endRecovery(): void {
    this.#closedInRecovery = undefined
  }

  opened(queue: ConsumeQueue): void {
    const { topic } = queue
    if (!this.slots.has(topic)) this.#ends.set(topic, notOpened)
    this.#open.add(queue)
  }

  /** The units of a queue were moved from its slot into files. */
  moved(name: string): void {
    this.#ends.set(name, notOpened)
  }

  closed(queue: ConsumeQueue): void {
    const { topic, maxOffset, segments } = queue
    this.#open.delete(queue)
    if (maxOffset === 0 && segments.starts.length === 0) this.#forget(topic)
    else if (this.#ends.has(topic)) this.#ends.set(topic, maxOffset)
    else this.#closedInRecovery?.add(topic)
  }

  /** The files of a queue that is not open were cut to its end. */
  cutTo(name: string, end: number): void {
    if (this.#ends.has(name)) this.#ends.set(name, end)
  }

  /** @param queues the open queues of that name */
  removed(name: string, queues: readonly ConsumeQueue[]): void {
    this.#forget(name)
    this.#unsynced.delete(name)
    for (const queue of queues) this.#open.delete(queue)
  }

  #forget(name: string): void {
    this.#ends.delete(name)
    this.#closedInRecovery?.delete(name)
    this.slots.remove(name)
  }

  /** Queues that can be closed so that another one can be opened: nothing of them is on its way into the log. */
  *closable(): Iterable<ConsumeQueue> {
    let lookedAt = 0
    for (const queue of this.#open) {
      if (this.#open.size < this.#openMax || lookedAt++ >= lookedAtMax) return
      this.#open.delete(queue)
      this.#open.add(queue)
      if (queue.nextOffset === queue.maxOffset && !queue.hasArrivals) yield queue
    }
  }

  /** Queues that were closed unsynced. */
  get unsyncedCount(): number {
    return this.#unsynced.size + (this.#syncing === undefined ? 0 : 1)
  }

  /** @param position of the first byte of its files that a power failure may take */
  noteUnsynced(name: string, position: number): void {
    this.#unsynced.set(name, Math.min(position, this.#unsynced.get(name) ?? position))
  }

  /** Whether a power failure may take what was written before the queue was closed. */
  isUnsynced(name: string): boolean {
    return this.#unsynced.has(name) || this.#syncing?.[0] === name
  }

  /**
   * Those that are there now, each of which is to be synced before the next one is asked for. The sync at a stop does not
   * wait for the one in the background: what that is at is among them.
   */
  *takeUnsynced(): Iterable<[name: string, position: number]> {
    if (this.#syncing !== undefined) yield this.#syncing
    try {
      let count = this.#unsynced.size
      for (const [name, position] of this.#unsynced) {
        if (count-- === 0) return
        this.#unsynced.delete(name)
        this.#syncing = [name, position]
        yield this.#syncing
      }
    } finally {
      this.#syncing = undefined
    }
  }
}
