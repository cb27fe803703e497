/** How the file that says so is written, at its time or at once. */
export interface LeavingFile {
  later(): void
  written(): Promise<void>
  writtenSoon(): Promise<void>
}

interface LeavingQueue {
  /** Where the log ended when it was to go. */
  readonly logEnd: number
  /** The first write of the file that says so. */
  readonly write: number
}

/**
 * Light queues that are about to be removed. The next message of one gets offset 0, and how far groups were in the one
 * before says nothing of it. A process that dies soon leaves a file with such offsets: so the file says, before a queue
 * goes, that it is to go, and where the log ends. What begins behind that is another queue.
 */
export class LeavingQueues {
  readonly #file: LeavingFile
  readonly #queues = new Map<string, LeavingQueue>()
  /** Counts the writes of the file that were asked for, and which of them the file has. */
  #writeCount = 0
  #lastWritten = -1

  constructor(file: LeavingFile) {
    this.#file = file
  }

  get size(): number {
    return this.#queues.size
  }

  has(name: string): boolean {
    return this.#queues.has(name)
  }

  *entries(): IterableIterator<[name: string, logEnd: number]> {
    for (const [name, { logEnd }] of this.#queues) yield [name, logEnd]
  }

  /**
   * A queue is to go.
   * @returns whether it may go now; otherwise once `noted` has resolved
   */
  add(name: string, logEnd: number): boolean {
    const known = this.#queues.get(name)
    if (known !== undefined) return known.write <= this.#lastWritten
    this.#queues.set(name, { logEnd, write: this.#writeCount })
    this.#file.later()
    return false
  }

  /**
   * Resolves when the file says of all of them that they are to go.
   * @param isUrgent whether somebody waits for that
   * @throws the file system's errors, and Error when the log cannot be synced; it is then tried again later
   */
  async noted(isUrgent: boolean): Promise<void> {
    const write = this.#writeCount++
    await (isUrgent ? this.#file.writtenSoon() : this.#file.written())
    this.#lastWritten = Math.max(this.#lastWritten, write)
  }

  /** A queue is gone, with the offsets of groups in it, or stays. */
  delete(name: string): void {
    if (this.#queues.delete(name)) this.#file.later()
  }
}
