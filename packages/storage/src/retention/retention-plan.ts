/** How long messages stay, and what happens when the disk fills up. Ratios are used space by total space, 0 to 1. */
export interface RetentionRules {
  /** How long files of the log stay after their last change, unless the disk gets too full. */
  reservedMs: number
  /** Local hours of the day in which old files are deleted. */
  deleteHours: readonly number[]
  /** Above it old files are deleted at any hour. */
  cleanRatio: number
  /** Above it the oldest files are deleted although they are not old enough, when `mayForce`. */
  forceRatio: number
  /** Above it no messages are taken. */
  fullRatio: number
  mayForce: boolean
}

export interface RetentionState {
  nowMs: number
  /** Hour of the day, 0 to 23, local time. */
  hour: number
  usedRatio: number
  /** Someone asked for old files to be deleted now. */
  isAsked: boolean
  /** Files of the log, oldest first, without the one that is written to. */
  files: readonly { start: number; modifiedMs: number }[]
}

export interface RetentionPlan {
  /** How many of the oldest files to delete. */
  deleteCount: number
  /** Files are deleted although they are not old enough. */
  isForced: boolean
}

/** Files that are deleted in one round, so that the disk and the loop are not held up. */
const filesPerRound = 10

/** The most that one write of messages takes. */
const spaceToGoOnBytes = 4 * 1024 * 1024

/** Whether a store that found no space can take messages again. On a small disk a hundredth of it is enough. */
export function hasSpaceToGoOn({ totalBytes, freeBytes }: { totalBytes: number; freeBytes: number }): boolean {
  return freeBytes >= Math.min(spaceToGoOnBytes, totalBytes / 100)
}

/** Decides what to delete now. Only the oldest files go: the log has no gaps. */
export function planRetention(rules: RetentionRules, state: RetentionState): RetentionPlan {
  const isForced = rules.mayForce && state.usedRatio > rules.forceRatio
  const isTime = state.isAsked || rules.deleteHours.includes(state.hour) || state.usedRatio > rules.cleanRatio
  if (!isTime && !isForced) return { deleteCount: 0, isForced: false }
  const isOld = ({ modifiedMs }: { modifiedMs: number }) => state.nowMs - modifiedMs >= rules.reservedMs
  const firstToKeep = isForced ? state.files.length : state.files.findIndex((file) => !isOld(file))
  const count = firstToKeep < 0 ? state.files.length : firstToKeep
  return { deleteCount: Math.min(count, filesPerRound), isForced }
}
