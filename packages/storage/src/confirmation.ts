import type { LogSync } from './log/log-sync.ts'
import type { Refusal, WriteGuard } from './write-guard.ts'

/** How a wait for safety ended: the message is safe, was not in time, or is lost. */
export type Confirmation = { kind: 'safe' } | { kind: 'late' } | { kind: 'lost'; refusal: Refusal }

export const safe: Confirmation = { kind: 'safe' }
const late: Confirmation = { kind: 'late' }

/** A put that waits until it is safe. */
export interface Confirmable {
  confirmed(confirmation: Confirmation): void
}

/** Decides when a put is confirmed. The store asks for its policy in each turn, so that it can change at run time. */
export interface ConfirmPolicy {
  /**
   * Tells `who`, now or later, once everything before a position of the log is as safe as the policy promises.
   * @param position everything before it was written to the files
   */
  confirm(position: number, who: Confirmable): void
}

/** ASYNC_FLUSH: what the operating system has survives the death of the process. */
export const inSystemsHands: ConfirmPolicy = { confirm: (_, who) => who.confirmed(safe) }

/** SYNC_FLUSH: what is synced survives a power failure. */
export function onDisk(logSync: LogSync, guard: WriteGuard): ConfirmPolicy {
  return {
    confirm(position, who) {
      logSync.whenSynced(position, (isSynced) => {
        const { refusal } = guard
        if (isSynced) who.confirmed(safe)
        else if (refusal?.cause === 'fenced') who.confirmed({ kind: 'lost', refusal })
        else who.confirmed(late)
      })
    },
  }
}
