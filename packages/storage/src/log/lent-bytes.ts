import type { Clock } from '@rocketmq-ts/platform'

/** What bytes are overwritten with once they may not be used any more. */
const poison = 0xdb

/**
 * Lends bytes until the end of the turn. Records are given out where they stand in the memory of the log's tail and of
 * blocks, without a copy, and that memory is used again for others two turns later at the earliest. That saves a copy of
 * each message that is pulled; to measure it, let `lend` copy always, and run `npm run bench -- --only pull` in pairs.
 *
 * Whoever keeps them longer reads what is there then, which in a test may be the right bytes for long. So tests have them
 * checked (`StoreOptions.checksMemoryUse`): they get copies, which are overwritten as soon as the time is over.
 */
export class LentBytes {
  readonly #clock: Clock
  readonly isChecked: boolean

  constructor(clock: Clock, isChecked: boolean) {
    this.#clock = clock
    this.isChecked = isChecked
  }

  lend(bytes: Buffer): Buffer {
    if (!this.isChecked) return bytes
    const copy = Buffer.from(bytes)
    // What a turn leaves to its end is still done when the first of these is called.
    this.#clock.nextTurn(() => this.#clock.nextTurn(() => void this.poison(copy)))
    return copy
  }

  /** Overwrites memory that nobody may look at any more. */
  poison(memory: Buffer): void {
    if (this.isChecked) memory.fill(poison)
  }
}
