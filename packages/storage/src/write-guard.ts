import type { Log } from '@rocketmq-ts/platform'

/** Why a store takes no writes. */
export interface Refusal {
  cause: 'closed' | 'fenced' | 'disk-full' | 'cutting-back'
  reason: string
}

/** What is told when a write finds no space, until there is some. */
export const diskFullReason =
  'the disk of the store has no space left: free space, or lower fileReservedTime; messages are taken again then'

export function isDiskFull(error: unknown): boolean {
  return (error as { code?: string }).code === 'ENOSPC'
}

/**
 * Whether a store takes writes. A failed write or sync closes it for good: what the disk holds is unknown then, and
 * trying again could make a loss look like a success. A full disk does not: what was written in part is taken back.
 */
export class WriteGuard {
  readonly #log: Log
  #refusal: Refusal | undefined
  #diskFull: Refusal | undefined
  #cuttingBack: Refusal | undefined

  constructor(log: Log) {
    this.#log = log
  }

  get refusal(): Refusal | undefined {
    return this.#refusal ?? this.#cuttingBack ?? this.#diskFull
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

  /** @param reason why nothing is taken until there is space again; undefined: there is */
  setDiskFull(reason: string | undefined): void {
    if (reason !== undefined && this.#diskFull === undefined) this.#log.error({}, reason)
    if (reason === undefined && this.#diskFull !== undefined) this.#log.info({}, 'there is space on the disk again')
    this.#diskFull = reason === undefined ? undefined : { cause: 'disk-full', reason }
  }

  /** Whether nothing is taken for a moment, since the end of the log is being cut off. */
  setCuttingBack(isCuttingBack: boolean): void {
    const reason = 'the log is being cut back to where another broker agrees with it: send the message again'
    this.#cuttingBack = isCuttingBack ? { cause: 'cutting-back', reason } : undefined
  }

  close(): void {
    this.#refusal ??= { cause: 'closed', reason: 'the store is closed' }
  }
}
