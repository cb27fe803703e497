/** How the file that says so is written, at its time or at once. */
export interface LeavingFile {
  later(): void
  secured(): Promise<void>
  writtenSoon(): Promise<void>
}

/**
 * Light queues that are about to be removed. The next message of one gets offset 0, and how far groups were in the one
 * before says nothing of it. A process that dies soon leaves a file with such offsets: so the file says, before a queue
 * goes, that it is to go, and where the log ends. What begins behind that is another queue.
 */
export class LeavingQueues {
  readonly #file: LeavingFile
  /** Name to the end of the log. */
  readonly #logEnds = new Map<string, number>()
  /** Those of which the file says so. */
  readonly #noted = new Set<string>()

  constructor(file: LeavingFile) {
    this.#file = file
  }

  get size(): number {
    return this.#logEnds.size
  }

  entries(): IterableIterator<[name: string, logEnd: number]> {
    return this.#logEnds.entries()
  }

  /**
   * A queue is to go.
   * @returns whether it may go now; otherwise once `noted` has resolved
   */
  add(name: string, logEnd: number): boolean {
    if (this.#noted.has(name)) return true
    if (!this.#logEnds.has(name)) {
      this.#logEnds.set(name, logEnd)
      this.#file.later()
    }
    return false
  }

  /**
   * Resolves when the file says of all of them that they are to go.
   * @param isUrgent whether somebody waits for that
   * @throws the file system's errors, and Error when the log cannot be synced; it is then tried again later
   */
  async noted(isUrgent: boolean): Promise<void> {
    const before = [...this.#logEnds]
    await (isUrgent ? this.#file.writtenSoon() : this.#file.secured())
    for (const [name, logEnd] of before) if (this.#logEnds.get(name) === logEnd) this.#noted.add(name)
  }

  /** A queue is gone, with the offsets of groups in it, or stays. */
  delete(name: string): void {
    this.#noted.delete(name)
    if (this.#logEnds.delete(name)) this.#file.later()
  }
}
