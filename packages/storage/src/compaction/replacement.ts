import { type FileSystem, type Log, replaceFileLater } from '@rocketmq-ts/platform'
import type { StoreFiles } from '../store-files.ts'
import { makingFolder, pairName, type RecordFolders } from './pair-files.ts'

/** Files that stand for others: those of a compaction that has ended. */
export interface Replacement {
  /** Names of the new files, as positions. */
  made: number[]
  /** Names of the files that they stand for. */
  replaced: number[]
  /** The last queue offset of which no earlier message with the same key is left. */
  compactedOffset: number
}

const noteName = 'replacement.json'
const kinds = ['records', 'units'] as const

/** The folders in which the new files are made. */
export function makingFolders({ records, units }: RecordFolders): RecordFolders {
  return { records: `${records}/${makingFolder}`, units: `${units}/${makingFolder}` }
}

/**
 * Notes, once the new files survive a power failure, that they are to replace others: from now on they do, or never.
 * @param isWanted asked before the note is there
 */
export async function noteReplacement(
  fileSystem: FileSystem,
  folders: RecordFolders,
  replacement: Replacement,
  isWanted: () => boolean,
): Promise<void> {
  const { records } = makingFolders(folders)
  const content = Buffer.from(JSON.stringify(replacement))
  await replaceFileLater(fileSystem, `${records}/${noteName}`, content, undefined, isWanted)
}

/** Moves the new files to where the old ones are. */
export function moveMade(files: StoreFiles, folders: RecordFolders, { made }: Replacement): void {
  const { fileSystem } = files
  const making = makingFolders(folders)
  for (const start of made) {
    for (const kind of kinds) {
      const from = `${making[kind]}/${pairName(start)}`
      if (fileSystem.status(from) !== undefined) files.rename(from, `${folders[kind]}/${pairName(start)}`)
    }
  }
}

/** Takes a replacement back, of which no old file was removed yet. */
export function takeBackMade(files: StoreFiles, folders: RecordFolders, { made }: Replacement): void {
  const { records } = makingFolders(folders)
  const isThere = (path: string): boolean => files.fileSystem.status(path) !== undefined
  // Without the note, files that have the messages of others once more are removed at the next start.
  if (isThere(`${records}/${noteName}`)) files.remove(`${records}/${noteName}`)
  files.syncNames(records)
  for (const path of made.flatMap((start) => pathsOf(folders, start))) if (isThere(path)) files.remove(path)
  removeMaking(files, folders)
}

/** Removes the folders in which files were made, with what is in them. */
export function removeMaking(files: StoreFiles, folders: RecordFolders): void {
  for (const path of [folders.records, folders.units]) files.syncNames(path)
  const making = makingFolders(folders)
  files.removeFolder(making.records)
  files.removeFolder(making.units)
}

/**
 * Ends what a dead process began. A replacement that was noted is made, unless the power failed while the new files were
 * moved, and took one of them: then no old file was removed yet, and all are there still.
 * @returns the replacement that was made
 */
export function finishReplacement(files: StoreFiles, folders: RecordFolders, log: Log): Replacement | undefined {
  const { fileSystem } = files
  const making = makingFolders(folders)
  const replacement = parseReplacement(fileSystem.readFile(`${making.records}/${noteName}`))
  if (replacement === undefined) {
    removeMaking(files, folders)
    return undefined
  }
  const isIn = (folder: RecordFolders, kind: keyof RecordFolders, start: number): boolean =>
    fileSystem.status(`${folder[kind]}/${pairName(start)}`) !== undefined
  const isWhole = replacement.made.every((start) =>
    kinds.every((kind) => isIn(making, kind, start) || isIn(folders, kind, start)),
  )
  const hasAllOld = replacement.replaced.every((start) => kinds.every((kind) => isIn(folders, kind, start)))
  log.info({ folder: folders.records, isWhole, hasAllOld }, 'a compaction that had not ended is ended')
  if (!isWhole && hasAllOld) {
    takeBackMade(files, folders, replacement)
    return undefined
  }
  moveMade(files, folders, replacement)
  for (const path of [folders.records, folders.units, making.records, making.units]) files.syncNames(path)
  for (const start of replacement.replaced) {
    for (const kind of kinds) if (isIn(folders, kind, start)) files.remove(`${folders[kind]}/${pairName(start)}`)
  }
  for (const path of [folders.records, folders.units]) files.syncNames(path)
  return replacement
}

function pathsOf({ records, units }: RecordFolders, start: number): string[] {
  return [`${records}/${pairName(start)}`, `${units}/${pairName(start)}`]
}

/** @returns undefined for what is no such note: it is written as a whole, so it was not written by this broker */
function parseReplacement(bytes: Buffer | undefined): Replacement | undefined {
  if (bytes === undefined) return undefined
  try {
    const { made, replaced, compactedOffset } = JSON.parse(bytes.toString('utf8')) as Partial<Replacement>
    const isNumbers = (list: unknown): list is number[] => Array.isArray(list) && list.every(Number.isSafeInteger)
    if (!isNumbers(made) || !isNumbers(replaced) || !Number.isSafeInteger(compactedOffset)) return undefined
    return { made, replaced, compactedOffset: compactedOffset! }
  } catch {
    return undefined
  }
}
