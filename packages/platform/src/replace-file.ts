import { dirname } from 'node:path'
import type { FileSystem } from './file-system.ts'

/**
 * Replaces a file as a whole: after a crash it has the old or the new content, never a mixture. Its permissions stay as
 * they were. With `backupPath`, the old content is kept there first.
 */
export function replaceFile(fileSystem: FileSystem, path: string, content: Uint8Array, backupPath?: string): void {
  const isThere = fileSystem.status(path) !== undefined
  const accessOf = isThere ? path : undefined
  if (backupPath !== undefined && isThere) {
    const previous = fileSystem.readFile(path)
    if (previous !== undefined && previous.length > 0) writeAndRename(fileSystem, backupPath, previous, accessOf)
  }
  writeAndRename(fileSystem, path, content, accessOf)
  fileSystem.syncFolder(dirname(path))
}

/**
 * Makes the folder of a file that is to be kept. Before there is a file, the names of all folders above it are synced,
 * whoever made them: without them a power failure takes the file, too.
 */
export function makeFolderOf(fileSystem: FileSystem, path: string): void {
  if (fileSystem.status(path) !== undefined) return
  fileSystem.makeFolder(dirname(path))
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    try {
      fileSystem.syncFolder(dirname(at))
    } catch (error) {
      // A folder that this user may not read is not of his making.
      if ((error as { code?: string }).code !== 'EACCES') throw error
    }
  }
}

/** What a file gets: its bytes, or the parts of them one behind the other, each made when the one before is written. */
export type FileContent = Uint8Array | AsyncIterable<Uint8Array>

/**
 * Like `replaceFile`, without blocking the loop. Only one may be under way for a path; a `replaceFile` of the same path
 * may be called meanwhile.
 * @param content an error of its iteration leaves the file as it is
 * @param isWanted asked before a name is changed; false, for example because of newer content, ends the call
 */
export async function replaceFileLater(
  fileSystem: FileSystem,
  path: string,
  content: FileContent,
  backupPath: string | undefined,
  isWanted: () => boolean,
): Promise<void> {
  if (backupPath !== undefined && (fileSystem.status(path)?.sizeBytes ?? 0) > 0) {
    await writeAndRenameLater(fileSystem, backupPath, partsOf(fileSystem, path), isWanted)
    if (!isWanted()) return
  }
  await writeAndRenameLater(fileSystem, path, content, isWanted)
  if (isWanted()) await fileSystem.syncFolderLater(dirname(path))
}

const partBytes = 1024 * 1024

/** The content of a file, which may be replaced meanwhile. */
async function* partsOf(fileSystem: FileSystem, path: string): AsyncIterable<Uint8Array> {
  const file = fileSystem.open(path, 'read')
  try {
    const bytes = file.sizeBytes()
    for (let position = 0; position < bytes; ) {
      const part = new Uint8Array(Math.min(partBytes, bytes - position))
      const filled = await file.readLater(part, position)
      if (filled === 0) return
      yield part.subarray(0, filled)
      position += filled
    }
  } finally {
    file.close()
  }
}

async function writeAndRenameLater(
  fileSystem: FileSystem,
  path: string,
  content: FileContent,
  isWanted: () => boolean,
): Promise<void> {
  const temporaryPath = `${path}.later.tmp`
  const file = fileSystem.open(temporaryPath, 'create')
  try {
    file.truncate(0)
    let position = 0
    for await (const part of content instanceof Uint8Array ? [content] : content) {
      if (!isWanted()) break
      if (part.length === 0) continue
      await file.writeLater(part, position)
      position += part.length
    }
    await file.syncData()
  } catch (error) {
    removeUnfinished(fileSystem, temporaryPath)
    throw error
  } finally {
    file.close()
  }
  if (isWanted()) fileSystem.rename(temporaryPath, path)
  else if (fileSystem.status(temporaryPath) !== undefined) fileSystem.remove(temporaryPath)
}

/** @param accessOf the file whose permissions the new file gets, if there is one */
function writeAndRename(fileSystem: FileSystem, path: string, content: Uint8Array, accessOf: string | undefined): void {
  const temporaryPath = `${path}.tmp`
  const file = fileSystem.open(temporaryPath, 'create')
  try {
    // Before the file has any content.
    if (accessOf !== undefined) fileSystem.copyAccess(accessOf, temporaryPath)
    file.truncate(0)
    file.write(content, 0)
    file.syncDataNow()
  } catch (error) {
    removeUnfinished(fileSystem, temporaryPath)
    throw error
  } finally {
    file.close()
  }
  fileSystem.rename(temporaryPath, path)
}

/** Removes a half-written file: it takes space on a disk that may be full. Otherwise it does no harm. */
function removeUnfinished(fileSystem: FileSystem, path: string): void {
  try {
    fileSystem.remove(path)
  } catch {
    // The caller throws the first error.
  }
}
