import type { Log } from '@rocketmq-ts/platform'

/**
 * Whether a store takes writes. A failed write or sync closes it for good: what the disk holds is unknown then, and
 * trying again could make a loss look like a success.
 */
export class WriteGuard {
  readonly #log: Log
  #refusal: { cause: 'closed' | 'fenced'; reason: string } | undefined

  constructor(log: Log) {
    this.#log = log
  }

  get refusal(): { cause: 'closed' | 'fenced'; reason: string } | undefined {
    return this.#refusal
  }

  get isFenced(): boolean {
    return this.#refusal?.cause === 'fenced'
  }

  /** @param during what failed */
  fence(during: string, error: unknown): void {
    if (this.isFenced) return
    const reason = `the store takes no more writes since ${during} failed: ${(error as Error).message}`
    this.#refusal = { cause: 'fenced', reason }
    this.#log.error(
      { err: error, during },
      `${reason}. Check the disk, then restart the broker: it recovers what is on the disk`,
    )
  }

  close(): void {
    this.#refusal ??= { cause: 'closed', reason: 'the store is closed' }
  }
}
