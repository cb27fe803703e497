import type { LogSync } from './log/log-sync.ts'
import type { Refusal, WriteGuard } from './write-guard.ts'

/** How a wait for safety ended: as safe as was wanted, not in time, or not any more. */
export type Confirmation = { kind: 'safe' } | { kind: 'late' } | { kind: 'lost'; refusal: Refusal }

export const safe: Confirmation = { kind: 'safe' }
const late: Confirmation = { kind: 'late' }

/** One who waits until what he put is safe. */
export interface Confirmable {
  confirmed(confirmation: Confirmation): void
}

/** When a put is confirmed. The store asks for its policy anew in each turn, so that it can change while it runs. */
export interface ConfirmPolicy {
  /**
   * Tells `who`, now or later, once everything before a position of the log is as safe as the policy promises.
   * @param position what stands before it was handed to the system
   */
  confirm(position: number, who: Confirmable): void
}

/** ASYNC_FLUSH: what the system has survives the death of the process. */
export const inSystemsHands: ConfirmPolicy = { confirm: (_, who) => who.confirmed(safe) }

/** SYNC_FLUSH: what is on the disk survives a failure of the power. */
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
