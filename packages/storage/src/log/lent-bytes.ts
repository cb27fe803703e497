import type { Clock } from '@rocketmq-ts/platform'

/** Overwrites bytes that may not be used any more. */
const poison = 0xdb

/**
 * Lends bytes until the end of the turn. Records are given out without a copy, in the memory of the log's tail and of
 * cached blocks. That memory is used again two turns later at the earliest. This saves a copy of each message that is
 * pulled; to measure it, let `lend` always copy, and run `npm run bench -- --only pull` in pairs.
 *
 * A reader that keeps lent bytes longer reads other bytes some day, but in a test often still the right ones. So tests
 * check it (`StoreOptions.checksMemoryUse`): they get copies, which are overwritten once the time is over.
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
    // Work left to the end of this turn may still run when the first of these is called.
    this.#clock.nextTurn(() => this.#clock.nextTurn(() => void this.poison(copy)))
    return copy
  }

  /** Overwrites memory that nobody may read any more; in tests only. */
  poison(memory: Buffer): void {
    if (this.isChecked) memory.fill(poison)
  }
}
