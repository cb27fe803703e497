import type { SegmentFolder } from '../segment-folder.ts'

/**
 * Where the units of one queue are kept, as bytes at positions: a folder of files, or the slot of a light queue, which looks
 * like one file.
 */
export interface UnitFiles
  extends Pick<
    SegmentFolder,
    | 'path'
    | 'segmentBytes'
    | 'starts'
    | 'firstPosition'
    | 'endPosition'
    | 'startOf'
    | 'has'
    | 'nextStart'
    | 'write'
    | 'read'
    | 'readLater'
    | 'sync'
    | 'syncNow'
    | 'clearFrom'
    | 'removeFirst'
    | 'removeFrom'
    | 'forgetFiles'
  > {
  /** Whether they are in a file of many queues, which is synced as a whole: who wrote to which part is not kept. */
  readonly isShared: boolean
  /** The number behind the last unit that was written, where that is known without a search. */
  readonly writtenEnd?: number | undefined
}
