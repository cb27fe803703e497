import type { CancelTimer, Clock, FileSystem, Log } from '@rocketmq-ts/platform'
import type { KeyIndex } from '../index/key-index.ts'
import type { CommitLog } from '../log/commit-log.ts'
import type { ConsumeQueues } from '../queues/consume-queues.ts'
import type { WriteGuard } from '../write-guard.ts'
import { planRetention, type RetentionRules } from './retention-plan.ts'

export interface RetentionParts {
  clock: Clock
  fileSystem: FileSystem
  log: Log
  commitLog: CommitLog
  queues: ConsumeQueues
  keyIndex: KeyIndex | undefined
  guard: WriteGuard
  /** Read in each round: they can be changed while the broker runs. */
  rules(): RetentionRules
  intervalMs: number
}

/** Topics whose queue files are looked at in one round. */
const topicsPerRound = 500

/** Deletes the oldest files of the log by age and disk space; queues and index follow what is gone. */
export class Retention {
  readonly #parts: RetentionParts
  #cancelTimer: CancelTimer = () => {}
  #isAsked = false
  /** Topics whose queues may have files that point in front of the log. */
  #topicsToTrim: string[] = []

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  start(): void {
    this.#cancelTimer = this.#parts.clock.every(this.#parts.intervalMs, () => this.round())
  }

  stop(): void {
    this.#cancelTimer()
  }

  /** Deletes what is old enough, whatever the hour. */
  deleteNow(): void {
    this.#isAsked = true
    this.round()
  }

  round(): void {
    try {
      this.#deleteSegments()
      this.#trimQueues()
    } catch (error) {
      // Nothing is lost by a file that could not be deleted: the next round tries again.
      this.#parts.log.error({ err: error }, 'deleting old files failed: check the rights and the disk')
    }
  }

  #deleteSegments(): void {
    const { commitLog, clock, fileSystem, log, guard } = this.#parts
    const { segments } = commitLog
    const nowMs = clock.now()
    const { totalBytes, freeBytes } = fileSystem.diskSpace(segments.path)
    const usedRatio = totalBytes === 0 ? 0 : 1 - freeBytes / totalBytes
    const files = segments.starts
      .filter((start) => start + segments.segmentBytes <= commitLog.writtenPosition)
      .map((start) => ({ start, modifiedMs: fileSystem.status(segments.pathOf(start))?.modifiedMs ?? nowMs }))
    const state = { nowMs, hour: new Date(nowMs).getHours(), usedRatio, isAsked: this.#isAsked, files }
    const plan = planRetention(this.#parts.rules(), state)
    this.#isAsked = false
    guard.setDiskFull(
      plan.isFull
        ? `the disk of the store is ${percent(usedRatio)} full: free space, or lower fileReservedTime`
        : undefined,
    )
    if (plan.deleteCount === 0) return
    for (let index = 0; index < plan.deleteCount; index++) segments.removeFirst()
    this.#parts.keyIndex?.removeBefore(commitLog.minPosition)
    this.#topicsToTrim = [...this.#parts.queues.topics()]
    const fields = { deleted: plan.deleteCount, from: files[0]!.start, minPosition: commitLog.minPosition }
    if (plan.isForced) log.warn(fields, `the disk is ${percent(usedRatio)} full: files were deleted before their time`)
    else log.info(fields, 'old files of the log were deleted')
  }

  #trimQueues(): void {
    const { queues, commitLog } = this.#parts
    for (const topic of this.#topicsToTrim.splice(0, topicsPerRound)) queues.trim(topic, commitLog.minPosition)
  }
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`
}
