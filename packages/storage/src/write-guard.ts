import type { Log } from '@rocketmq-ts/platform'

/** Why a store takes no writes. */
export interface Refusal {
  cause: 'closed' | 'fenced' | 'disk-full' | 'cutting-back'
  reason: string
}

/** Why messages are refused after a write found no space. */
export const diskFullReason =
  'the disk of the store has no space left: free space, or lower fileReservedTime; messages are taken again then'

export function isDiskFull(error: unknown): boolean {
  return (error as { code?: string }).code === 'ENOSPC'
}

/**
 * Whether a store takes writes. A failed write or sync fences it for good: what the disk holds is unknown then, and
 * a retry could report a loss as success. A full disk does not fence it: a partial write is taken back.
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
    // What goes on in the background after a stop finds its files closed: it ends, and nobody need look at the disk.
    if (this.#refusal?.cause === 'closed' && (error as { code?: string }).code === 'EBADF') {
      this.#refusal = { cause: 'fenced', reason: this.#refusal.reason }
      return
    }
    const reason = `the store takes no more writes since ${during} failed: ${(error as Error).message}`
    this.#refusal = { cause: 'fenced', reason }
    this.#log.error(
      { err: error, during },
      `${reason}. Check the disk, then restart the broker: it recovers what is on the disk`,
    )
  }

  /** @param reason why messages are refused until there is space again; undefined when there is */
  setDiskFull(reason: string | undefined): void {
    if (reason !== undefined && this.#diskFull === undefined) this.#log.error({}, reason)
    if (reason === undefined && this.#diskFull !== undefined) this.#log.info({}, 'there is space on the disk again')
    this.#diskFull = reason === undefined ? undefined : { cause: 'disk-full', reason }
  }

  /** Refuses messages while the end of the log is cut off. */
  setCuttingBack(isCuttingBack: boolean): void {
    const reason = 'the log is being cut back to where another broker agrees with it: send the message again'
    this.#cuttingBack = isCuttingBack ? { cause: 'cutting-back', reason } : undefined
  }

  close(): void {
    this.#refusal ??= { cause: 'closed', reason: 'the store is closed' }
  }
}
