import type { Log } from '@rocketmq-ts/platform'
import type { Follower } from '../followers/follower.ts'
import type { CommitLog } from '../log/commit-log.ts'
import { isRecordAt } from '../log/stretch.ts'

/** How far the log should reach, and how far it does. Positions of the log. */
export interface LostMessages {
  /** The folder of the log. */
  logPath: string
  /** Where the log ends. */
  logEnd: number
  /** Where it should end, at least. */
  expectedEnd: number
  /** The file or folder that says so. */
  witness: string
  /** Why it ends where it does; undefined when the next file is missing. */
  reason: string | undefined
  /** The file that should hold the last of what is expected. */
  lastFile: string
}

/**
 * The log is missing, or shorter than the store knows it was. Going on would give new messages the positions and queue
 * offsets of lost ones, which consumers may have passed.
 */
export class LostMessagesError extends Error {
  override readonly name = 'LostMessagesError'
  readonly lost: LostMessages

  constructor(lost: LostMessages) {
    super(
      `${describeLoss(lost)}. Look whether storePathCommitLog is right, and restore the files of the log from a backup or ` +
        'replica. To go on without these messages, start the broker once with --accept-lost-messages: new ones will take ' +
        'the queue offsets of those that are gone',
    )
    this.lost = lost
  }
}

/** A sentence without its full stop. */
function describeLoss({ logPath, logEnd, expectedEnd, witness, reason, lastFile }: LostMessages): string {
  const found =
    reason !== undefined
      ? `the log in ${logPath} can be read up to position ${logEnd} only (${reason})`
      : logEnd === 0
        ? `the log in ${logPath} is missing`
        : `the log in ${logPath} ends at position ${logEnd}`
  return `${found}, and ${witness} says that it holds messages up to position ${expectedEnd}, the last of them in ${lastFile}`
}

/** Checks whether the log reaches as far as the other files of the store say. */
export class LossCheck {
  readonly #commitLog: CommitLog
  readonly #isAccepted: boolean
  readonly #log: Log
  /** Whether messages are lost and the store is opened all the same. */
  wereAccepted = false

  /** @param isAccepted whether the store is opened all the same */
  constructor(commitLog: CommitLog, isAccepted: boolean, log: Log) {
    this.#commitLog = commitLog
    this.#isAccepted = isAccepted
    this.#log = log
  }

  /**
   * @param witness path of the file or folder that says that the log holds everything before `expectedEnd`
   * @param reason why nothing can be read behind `logEnd`
   * @throws LostMessagesError when the log ends before `expectedEnd`, and that is not accepted
   */
  check(logEnd: number, expectedEnd: number, witness: string, reason?: string): void {
    if (logEnd >= expectedEnd) return
    const { segments } = this.#commitLog
    const lastFile = segments.pathOf(segments.startOf(expectedEnd - 1))
    const lost = { logPath: segments.path, logEnd, expectedEnd, witness, reason, lastFile }
    if (!this.#isAccepted) throw new LostMessagesError(lost)
    this.wereAccepted = true
    this.#log.error({ logEnd, expectedEnd }, `${describeLoss(lost)}. The broker was told to go on without them`)
  }

  /**
   * Looks in the log for the last message that each follower knows, when no checkpoint tells how long the log is.
   * @throws LostMessagesError
   */
  checkLastKnown(followers: readonly Follower[]): void {
    const { segments } = this.#commitLog
    for (const follower of followers) {
      const last = follower.lastKnown?.()
      if (last === undefined || this.#hasRecord(last)) continue
      const logEnd = Math.min(segments.endPosition, last.physicalOffset)
      this.check(logEnd, last.physicalOffset + last.totalSize, last.path)
    }
  }

  #hasRecord({ physicalOffset, totalSize }: { physicalOffset: number; totalSize: number }): boolean {
    const { segments, recordBytesMax } = this.#commitLog
    // A message in front of the log was deleted by retention.
    if (segments.starts.length > 0 && physicalOffset < segments.firstPosition) return true
    const isInFile = physicalOffset + totalSize <= segments.startOf(physicalOffset) + segments.segmentBytes
    if (!isInFile || totalSize > recordBytesMax) return false
    return isRecordAt(this.#commitLog.bytesAt(physicalOffset, totalSize), physicalOffset)
  }
}
