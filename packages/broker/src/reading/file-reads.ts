/**
 * Pulls of each connection that wait for a read of files: such reads wait for each other, so one client that asks for
 * very many at once would make the others wait too.
 */
export class FileReads {
  readonly perConnectionMax: number
  readonly #counts = new Map<number, number>()
  #underWay = 0

  constructor(perConnectionMax: number) {
    this.perConnectionMax = perConnectionMax
  }

  /** Reads under way, of all connections. */
  get underWay(): number {
    return this.#underWay
  }

  /** Whether a connection may ask for another read. */
  mayStart(connectionId: number): boolean {
    return (this.#counts.get(connectionId) ?? 0) < this.perConnectionMax
  }

  /** Counts a read until it has ended, in whatever way. */
  count<Result>(connectionId: number, read: Promise<Result>): Promise<Result> {
    this.#counts.set(connectionId, (this.#counts.get(connectionId) ?? 0) + 1)
    this.#underWay++
    return read.finally(() => {
      this.#underWay--
      const left = this.#counts.get(connectionId)! - 1
      if (left === 0) this.#counts.delete(connectionId)
      else this.#counts.set(connectionId, left)
    })
  }
}
