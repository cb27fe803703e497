import type { FileSystem, Log } from '@rocketmq-ts/platform'
import { type SegmentFolder, SegmentSizeError } from '../segment-folder.ts'

/**
 * Logs which files of the log are missing or cut off, and gives a file that is cut off its full size again. The missing
 * bytes read as zeros, which readers skip.
 * @throws SegmentSizeError when a file is larger than the settings say
 */
export function checkSegments(segments: SegmentFolder, fileSystem: FileSystem, log: Log): void {
  let expectedStart = segments.firstPosition
  for (const start of segments.starts) {
    if (start > expectedStart) {
      log.error(
        { from: expectedStart, to: start, folder: segments.path },
        'files of the log are missing: consumers pass by the messages in them. ' +
          'To get them back, stop the broker and restore the files from a backup or replica',
      )
    }
    expectedStart = start + segments.segmentBytes
    const sizeBytes = fileSystem.status(segments.pathOf(start))?.sizeBytes ?? 0
    if (sizeBytes > segments.segmentBytes) throw new SegmentSizeError(segments.pathOf(start), segments.segmentBytes)
    if (sizeBytes === segments.segmentBytes) continue
    log.error(
      { path: segments.pathOf(start), sizeBytes },
      'a file of the log is shorter than it should be: consumers pass by the messages that it lacks. ' +
        'After a power failure that is normal for the last file; otherwise stop the broker and restore it from a backup',
    )
    segments.extend(start)
  }
}
