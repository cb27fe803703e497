/** How often a process that holds a folder changes its mark. */
export const signIntervalMs = 500

/** The process of a mark that has not changed for this long is gone. */
export const silentMsMax = 2500

/** At most this much between two looks counts as silence: for the rest, this process itself stood still. */
const lookGapMsMax = 100

interface Look {
  readonly content: string
  readonly atMs: number
  readonly silentMs: number
  readonly wasAlive: boolean
}

/**
 * Tells whether processes live that this one cannot see: each changes its mark again and again. Only changes count, not
 * the times of files, since the clocks of two machines differ.
 */
export class SignsOfLife {
  readonly #looks = new Map<string, Look>()

  /**
   * @param mark names the mark
   * @param content what it says now
   * @param nowMs milliseconds that never go back
   */
  look(mark: string, content: string, nowMs: number): 'alive' | 'silent' | 'undecided' {
    const before = this.#looks.get(mark)
    const isChanged = before !== undefined && before.content !== content
    const gapMs = before === undefined ? 0 : Math.min(nowMs - before.atMs, lookGapMsMax)
    const silentMs = before === undefined || isChanged ? 0 : before.silentMs + gapMs
    const wasAlive = isChanged || before?.wasAlive === true
    this.#looks.set(mark, { content, atMs: nowMs, silentMs, wasAlive })
    if (silentMs >= silentMsMax) return 'silent'
    return wasAlive ? 'alive' : 'undecided'
  }
}
