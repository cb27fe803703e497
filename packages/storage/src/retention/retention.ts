import type { CancelTimer, Clock, DiskSpace, FileSystem, Log } from '@rocketmq-ts/platform'
import type { Follower } from '../followers/follower.ts'
import type { CommitLog } from '../log/commit-log.ts'
import { repeat } from '../repeat.ts'
import type { LiveStoreOptions } from '../store-options.ts'
import { diskFullReason, isDiskFull, type WriteGuard } from '../write-guard.ts'
import { type DiskPressure, diskPressure, percent, pressureNotice } from './disk-pressure.ts'
import type { HiddenMessages } from './hidden-messages.ts'
import { hasSpaceToGoOn, planRetention, type RetentionRules } from './retention-plan.ts'

export interface RetentionParts {
  clock: Clock
  fileSystem: FileSystem
  log: Log
  commitLog: CommitLog
  followers: readonly Follower[]
  guard: WriteGuard
  hiddenMessages: HiddenMessages
  /** Read in each round. */
  live(): Pick<LiveStoreOptions, 'retention' | 'retentionIntervalMs'>
}

/** From one part of what followers delete to the next, so that others have their turn. */
const trimGapMs = 20
/** Of a turn of the loop, to write what holds files back. */
const writingMsMax = 5

/**
 * Deletes the oldest files of the log by age and disk space, has the followers delete what points into them, and hides
 * messages whose topic's own time has passed. Warns when the disk gets full, before messages are refused.
 */
export class Retention {
  readonly #parts: RetentionParts
  #cancelTimer: CancelTimer = () => {}
  #cancelTrim: CancelTimer | undefined
  #isAsked = false
  #pressure: DiskPressure = 'low'

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  start(): void {
    const { clock, live } = this.#parts
    this.#cancelTimer = repeat(
      clock,
      () => live().retentionIntervalMs,
      () => this.round(),
    )
  }

  stop(): void {
    this.#cancelTimer()
    this.#cancelTrim?.()
  }

  /** Deletes what is old enough, whatever the hour. */
  deleteNow(): void {
    this.#isAsked = true
    this.round()
  }

  /** Hides messages older than the `reserve.time` of their topic. */
  hideNow(): void {
    this.#parts.hiddenMessages.round()
  }

  round(): void {
    for (const step of [() => this.#lookAtDisk(), () => this.hideNow(), () => this.#trimFollowers()]) this.#try(step)
  }

  #try(step: () => void): void {
    try {
      step()
    } catch (error) {
      // A file that could not be deleted does no harm: the next round tries again.
      this.#parts.log.error({ err: error }, 'deleting old files failed: check the rights and the disk')
    }
  }

  #lookAtDisk(): void {
    const { commitLog, fileSystem } = this.#parts
    const rules = this.#parts.live().retention
    const space = fileSystem.diskSpace(commitLog.segments.path)
    const usedRatio = space.totalBytes === 0 ? 0 : 1 - space.freeBytes / space.totalBytes
    this.#notePressure(rules, usedRatio)
    this.#refuseOrAccept(rules, space, usedRatio)
    this.#deleteSegments(rules, usedRatio)
  }

  #notePressure(rules: RetentionRules, usedRatio: number): void {
    const before = this.#pressure
    this.#pressure = diskPressure(rules, before, usedRatio)
    const notice = pressureNotice(rules, before, this.#pressure, usedRatio)
    if (notice !== undefined) this.#parts.log[notice.level]({ usedRatio }, notice.message)
  }

  #refuseOrAccept({ fullRatio }: RetentionRules, space: DiskSpace, usedRatio: number): void {
    const { guard } = this.#parts
    if (usedRatio > fullRatio) {
      guard.setDiskFull(
        `the disk of the store is ${percent(usedRatio)} full, above ${percent(fullRatio)} (diskSpaceWarningLevelRatio): ` +
          'free space, lower fileReservedTime, or give the store a larger disk; messages are taken again then',
      )
      return
    }
    // After a write that found no space, a few free bytes are not enough: the next write would fail too.
    const isStillFull = guard.refusal?.cause === 'disk-full' && !hasSpaceToGoOn(space)
    guard.setDiskFull(isStillFull ? diskFullReason : undefined)
  }

  #deleteSegments(rules: RetentionRules, usedRatio: number): void {
    const { commitLog, clock, fileSystem, log } = this.#parts
    const { segments } = commitLog
    const nowMs = clock.now()
    const files = segments.starts
      .filter((start) => start + segments.segmentBytes <= commitLog.writtenPosition)
      .map((start) => ({ start, modifiedMs: fileSystem.status(segments.pathOf(start))?.modifiedMs ?? nowMs }))
    const state = { nowMs, hour: new Date(nowMs).getHours(), usedRatio, isAsked: this.#isAsked, files }
    const plan = planRetention(rules, state)
    this.#isAsked = false
    // What a failed write has left in memory alone is made again at the next start, from the log.
    if (this.#parts.guard.isFenced) return
    if (plan.deleteCount > 0) this.#writeFollowers(files[plan.deleteCount - 1]!.start + segments.segmentBytes)
    if (this.#parts.guard.isFenced) return
    const deleteCount = Math.min(plan.deleteCount, this.#countNotNeeded(files))
    if (deleteCount === 0) return
    for (let index = 0; index < deleteCount; index++) segments.removeFirst()
    const fields = { deleted: deleteCount, from: files[0]!.start, minPosition: commitLog.minPosition }
    if (plan.isForced) log.warn(fields, `the disk is ${percent(usedRatio)} full: files were deleted before their time`)
    else log.info(fields, 'old files of the log were deleted')
  }

  /**
   * What waits in memory and is derived from files that are to go has to be in others first: as much as there is time for.
   * @param end of those files
   */
  #writeFollowers(end: number): void {
    const { clock, followers, guard } = this.#parts
    const startMs = clock.monotonic()
    for (const follower of followers) {
      try {
        while (follower.waitingSinceMs !== undefined && (follower.neededFrom ?? end) < end) {
          if (clock.monotonic() - startMs >= writingMsMax) return
          follower.writeSome()
        }
      } catch (error) {
        if (!isDiskFull(error)) guard.fence(`writing ${follower.name}`, error)
      }
    }
  }

  /** How many of the first files no follower needs. */
  #countNotNeeded(files: readonly { start: number }[]): number {
    const { commitLog, followers } = this.#parts
    const neededFrom = Math.min(...followers.map((follower) => follower.neededFrom ?? Number.POSITIVE_INFINITY))
    const index = files.findIndex(({ start }) => start + commitLog.segments.segmentBytes > neededFrom)
    return index < 0 ? files.length : index
  }

  #trimFollowers(): void {
    for (const follower of this.#parts.followers) follower.trim(this.#parts.commitLog.minPosition)
    this.#trimMoreLater()
  }

  #trimMoreLater(): void {
    const { followers, commitLog, clock } = this.#parts
    const unfinished = followers.filter(({ hasMoreToTrim }) => hasMoreToTrim === true)
    if (this.#cancelTrim !== undefined || unfinished.length === 0) return
    this.#cancelTrim = clock.after(trimGapMs, () => {
      this.#cancelTrim = undefined
      this.#try(() => {
        for (const follower of unfinished) follower.trim(commitLog.minPosition)
        this.#trimMoreLater()
      })
    })
  }
}
