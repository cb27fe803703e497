import type { Clock } from '@rocketmq-ts/platform'
import type { LentBytes } from './lent-bytes.ts'

/**
 * Keeps the memory of blocks that were given up for new blocks: fresh memory costs more, and brings the next garbage
 * collection nearer. Bytes of a block may be on their way to consumers until the end of the turn, so memory that is
 * given back is not used again before the turn after the next.
 */
export class BlockMemory {
  readonly blockBytes: number
  readonly #clock: Clock
  readonly #lent: LentBytes | undefined
  readonly #sparesMax: number
  readonly #spares: Buffer[] = []
  /** Given back in this turn, and in the one before. */
  #resting: Buffer[] = []
  #rested: Buffer[] = []

  /**
   * @param sparesMax blocks that are kept while nobody needs them
   * @param lent overwrites what is given back, in tests
   */
  constructor(clock: Clock, blockBytes: number, sparesMax: number, lent?: LentBytes) {
    this.#clock = clock
    this.#lent = lent
    this.blockBytes = blockBytes
    this.#sparesMax = sparesMax
  }

  /** A block with arbitrary content. */
  take(): Buffer {
    return this.#spares.pop() ?? Buffer.allocUnsafeSlow(this.blockBytes)
  }

  /** Takes back a block that is no longer used. One of another size is left to the garbage collector. */
  giveBack(block: Buffer): void {
    if (block.length !== this.blockBytes) return
    if (this.#spares.length + this.#resting.length + this.#rested.length >= this.#sparesMax) return
    const isTurnAsked = this.#resting.length + this.#rested.length > 0
    this.#resting.push(block)
    if (!isTurnAsked) this.#clock.nextTurn(() => this.#turn())
  }

  #turn(): void {
    for (const block of this.#rested) this.#lent?.poison(block)
    this.#spares.push(...this.#rested)
    this.#rested = this.#resting
    this.#resting = []
    if (this.#rested.length > 0) this.#clock.nextTurn(() => this.#turn())
  }
}
