import type { RecoveryPlan } from '../recovery/recover.ts'
import type { RecordView } from './record-view.ts'

/**
 * Something that is derived from the log, such as consume queues and the key index. A follower is given each record
 * once, in the order of the log, and may keep what it derives in memory for a while. After a crash that is made again:
 * opening a store gives the follower the records from its `position` on once more.
 *
 * The store treats all followers alike, through one list. To add one, write a class and add it to the list in
 * `recovery/open-files.ts`, or pass it as `StoreOptions.followers`.
 */
export interface Follower {
  /** For log lines and errors, such as `consume queues`. */
  readonly name: string

  // Opening: `lastKnown`, then `prepare` of all followers, then `beginReplay` of all, then `apply`, then `endReplay`.

  /**
   * The last record that the files of the follower point to, and the path of that file or folder. Asked when the
   * checkpoint does not tell how long the log is. Changes nothing.
   */
  lastKnown?(): { physicalOffset: number; totalSize: number; path: string } | undefined
  /**
   * Repairs the files, before the log is read again from `plan.from`.
   * @returns the position of the first record that is missing here, when the log must be read again from there
   */
  prepare(plan: RecoveryPlan): number | undefined
  /** The records from `plan.from` on come once more. What was derived from them before is replaced, or kept. */
  beginReplay?(plan: RecoveryPlan): void
  /** All records up to this position, the end of the log, were applied. */
  endReplay(logEndPosition: number, plan: RecoveryPlan): void

  // While the store runs.

  /** Takes the next record of the log. A follower without it costs a put nothing. */
  apply?(record: RecordView): void
  /** Tells listeners about the records applied, after their senders were answered. */
  announce?(): void
  /** Everything derived from the records before this position of the log is in the files. */
  readonly position: number
  /** The log from here on may not be deleted: what is there has to be kept, and is nowhere else as safe. */
  readonly neededFrom?: number
  /**
   * Whether an official broker does not find all of it in the files, and has to make it again from the whole log; false
   * when it is left out.
   */
  readonly isOursAlone?: boolean
  /** When the oldest unwritten data was added, in the clock's monotonic milliseconds; undefined without any. */
  readonly waitingSinceMs: number | undefined
  /** Writes some of the unwritten data, the oldest first: so little that senders do not notice it. */
  writeSome(): void
  /** Writes all unwritten data. */
  write(): void
  /** Syncs what is written now. */
  sync(): Promise<void>
  /**
   * Like `sync`, before it returns; called when the store is closed.
   * @returns false when that would take minutes and was not done
   */
  syncNow(): boolean
  /** Removes what was derived from records at or behind a position, in memory and in the files. */
  truncate(position: number): void
  /** The log starts at this position now. Deletes what points before it; called repeatedly, so it may do a part. */
  trim(logStartPosition: number): void
  /** Whether the last `trim` did a part: another one follows soon. */
  readonly hasMoreToTrim?: boolean
  /** Closes the files. Unwritten data is lost. */
  close(): void
}

/** A follower that takes each record. */
export type RecordFollower = Follower & Required<Pick<Follower, 'apply'>>

export function recordFollowers(followers: readonly Follower[]): RecordFollower[] {
  return followers.filter((follower): follower is RecordFollower => follower.apply !== undefined)
}

/** Everything derived from the records before this position is in the files of all followers. */
export function positionOfAll(followers: readonly Follower[]): number {
  return followers.reduce((lowest, { position }) => Math.min(lowest, position), Number.POSITIVE_INFINITY)
}
