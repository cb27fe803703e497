import type { RecoveryPlan } from '../recovery/recover.ts'
import type { RecordView } from './record-view.ts'

/**
 * Something that is derived from the log: consume queues, the key index, and what is yet to come. It is given each
 * record once, in the order of the log, and may keep what follows from it in memory for a while. What a crash took of
 * that is made again: opening a store gives it the records from its `position` on once more.
 *
 * All that the store does goes over one list of these. To add one, write a class and add it to the list in
 * `recovery/open-files.ts`, or give it as `StoreOptions.followers`.
 */
export interface Follower {
  /** In the plural, for what is said about it: `consume queues`. */
  readonly name: string

  // Opening: `lastKnown`, then `prepare` of all followers, then `beginReplay` of all, then `apply`, then `endReplay`.

  /**
   * The last record that its files have something of, and where that stands: for a store whose checkpoint does not tell
   * how long its log is. Changes nothing.
   */
  lastKnown?(): { physicalOffset: number; totalSize: number; path: string } | undefined
  /**
   * Makes what is in the files fit for use, before the log is read again from `plan.from`.
   * @returns where the first record stands that is missing here, when the log has to be read from there
   */
  prepare(plan: RecoveryPlan): number | undefined
  /** The records from `plan.from` on come once more. What follows from them already is replaced, or kept. */
  beginReplay?(plan: RecoveryPlan): void
  /** All records of the log were given, up to this position. */
  endReplay(logEndPosition: number, plan: RecoveryPlan): void

  // While the store runs.

  /** Takes over a record, which stands behind all that came before. */
  apply(record: RecordView): void
  /** Tells those who wait for what was applied, once those who sent it have their answers. */
  announce?(): void
  /** What follows from the records before this position of the log is in the files. */
  readonly position: number
  /** Since when the oldest of what is in memory alone waits, in the clock's monotonic milliseconds. */
  readonly waitingSinceMs: number | undefined
  /** Writes some of what waits, the oldest first: so little that nobody who sends waits for it. */
  writeSome(): void
  /** Writes all that waits. */
  write(): void
  /** Makes what is written now survive a power failure. */
  sync(): Promise<void>
  /**
   * The same at once, when the store is closed.
   * @returns false when that would take minutes, and was left out
   */
  syncNow(): boolean
  /** Takes back what follows from records at or behind a position, in memory and in the files. */
  truncate(position: number): void
  /** The log starts at this position now. Deletes what leads before it; called again and again, it may do a part. */
  trim(logStartPosition: number): void
  /** Closes its files. What is not written is lost. */
  close(): void
}

/** What follows from the records before this position is in the files of all followers. */
export function positionOfAll(followers: readonly Follower[]): number {
  return followers.reduce((lowest, { position }) => Math.min(lowest, position), Number.POSITIVE_INFINITY)
}
