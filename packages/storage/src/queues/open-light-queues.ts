import type { ConsumeQueue } from './consume-queue.ts'

/** Light queues that are open at once: of very many, most are closed. */
const defaultOpenMax = 10_000
/** Queues that are looked at when one is to be closed. */
const lookedAtMax = 64
const notOpened = -1

/**
 * The light queues of a store: their names, where each ends, and those that are open. There may be a million: of one that
 * is closed no more than its name and its end is in memory.
 */
export class OpenLightQueues {
  /** Name to the end of the queue; -1 when nobody has looked at its files since the store was opened, or it is open. */
  readonly #ends = new Map<string, number>()
  /** In the order in which they were opened. */
  readonly #open = new Set<ConsumeQueue>()
  /** Names of queues that were closed with units that a power failure may take, and where these begin in bytes. */
  readonly #unsynced = new Map<string, number>()
  /** The one that a sync in the background is at. */
  #syncing: [name: string, position: number] | undefined

  readonly #openMax: number

  constructor(names: Iterable<string>, openMax = defaultOpenMax) {
    this.#openMax = openMax
    for (const name of names) this.#ends.set(name, notOpened)
  }

  get count(): number {
    return this.#ends.size
  }

  has(name: string): boolean {
    return this.#ends.has(name)
  }

  names(): IterableIterator<string> {
    return this.#ends.keys()
  }

  /** The end of a queue that was closed; undefined when its files or the open queue tell it. */
  endOfClosed(name: string): number | undefined {
    const end = this.#ends.get(name)
    return end === undefined || end === notOpened ? undefined : end
  }

  opened(queue: ConsumeQueue): void {
    this.#ends.set(queue.topic, notOpened)
    this.#open.add(queue)
  }

  closed(queue: ConsumeQueue): void {
    this.#open.delete(queue)
    const isNothing = queue.maxOffset === 0 && queue.segments.starts.length === 0
    if (isNothing) this.#ends.delete(queue.topic)
    else this.#ends.set(queue.topic, queue.maxOffset)
  }

  /** The files of a queue that is not open were cut to its end. */
  cutTo(name: string, end: number): void {
    if (this.#ends.has(name)) this.#ends.set(name, end)
  }

  /** @param queues the open queues of that name */
  removed(name: string, queues: readonly ConsumeQueue[]): void {
    this.#ends.delete(name)
    this.#unsynced.delete(name)
    for (const queue of queues) this.#open.delete(queue)
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
