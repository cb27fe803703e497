/**
 * Pulls of each connection that wait for a read of files: such reads wait for each other, so one client that asks for
 * very many at once would make the others wait too.
 */
export class FileReads {
  readonly perConnectionMax: number
  readonly #counts = new Map<number, number>()

  constructor(perConnectionMax: number) {
    this.perConnectionMax = perConnectionMax
  }

  /** Whether a connection may ask for another read. */
  mayStart(connectionId: number): boolean {
    return (this.#counts.get(connectionId) ?? 0) < this.perConnectionMax
  }

  /** Counts a read until it has ended, in whatever way. */
  count<Result>(connectionId: number, read: Promise<Result>): Promise<Result> {
    this.#counts.set(connectionId, (this.#counts.get(connectionId) ?? 0) + 1)
    return read.finally(() => {
      const left = this.#counts.get(connectionId)! - 1
      if (left === 0) this.#counts.delete(connectionId)
      else this.#counts.set(connectionId, left)
    })
  }
}
