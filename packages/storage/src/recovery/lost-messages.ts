import type { Log } from '@rocketmq-ts/platform'
import type { Follower } from '../followers/follower.ts'
import type { CommitLog } from '../log/commit-log.ts'
import { isRecordAt } from '../log/stretch.ts'

/** What a store knows of its log, and what is there. Positions of the log. */
export interface LostMessages {
  /** The folder of the log. */
  logPath: string
  /** Where what is there ends. */
  logEnd: number
  /** Where it should end, at the least. */
  expectedEnd: number
  /** What says so: the path of a file or folder. */
  witness: string
  /** Why it ends where it does; undefined when the file for more is not there. */
  reason: string | undefined
  /** The file that should hold the last of what is expected. */
  lastFile: string
}

/**
 * The log is missing, or shorter than the store knows it was. Going on would give positions and queue offsets to new
 * messages that old ones had, and that consumers have passed.
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

/** A sentence without its stop. */
function describeLoss({ logPath, logEnd, expectedEnd, witness, reason, lastFile }: LostMessages): string {
  const found =
    reason !== undefined
      ? `the log in ${logPath} can be read up to position ${logEnd} only (${reason})`
      : logEnd === 0
        ? `the log in ${logPath} is missing`
        : `the log in ${logPath} ends at position ${logEnd}`
  return `${found}, and ${witness} says that it holds messages up to position ${expectedEnd}, the last of them in ${lastFile}`
}

/** Looks whether the log has what the store knows of it. */
export class LossCheck {
  readonly #commitLog: CommitLog
  readonly #isAccepted: boolean
  readonly #log: Log
  /** Messages are lost, and the one who starts the broker knows. */
  wereAccepted = false

  /** @param isAccepted whether the store is opened all the same */
  constructor(commitLog: CommitLog, isAccepted: boolean, log: Log) {
    this.#commitLog = commitLog
    this.#isAccepted = isAccepted
    this.#log = log
  }

  /**
   * @param witness path of what says that the log holds everything before `expectedEnd`
   * @param reason why nothing can be read behind `logEnd`
   * @throws LostMessagesError when that is not there, and it is not accepted
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
   * Looks for the last message that each follower knows, where no checkpoint tells how long the log is.
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
    // What stands in front of the log was deleted in its time.
    if (segments.starts.length > 0 && physicalOffset < segments.firstPosition) return true
    const isInFile = physicalOffset + totalSize <= segments.startOf(physicalOffset) + segments.segmentBytes
    if (!isInFile || totalSize > recordBytesMax) return false
    return isRecordAt(this.#commitLog.bytesAt(physicalOffset, totalSize), physicalOffset)
  }
}
