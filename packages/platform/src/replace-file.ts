import { dirname } from 'node:path'
import type { FileSystem } from './file-system.ts'

/**
 * Replaces a file as a whole: after a crash the old or the new content is there, never a mixture.
 * With `backupPath`, the content that is replaced is kept there first.
 */
export function replaceFile(fileSystem: FileSystem, path: string, content: Uint8Array, backupPath?: string): void {
  if (backupPath !== undefined) {
    const previous = fileSystem.readFile(path)
    if (previous !== undefined && previous.length > 0) writeAndRename(fileSystem, backupPath, previous)
  }
  writeAndRename(fileSystem, path, content)
  fileSystem.syncFolder(dirname(path))
}

function writeAndRename(fileSystem: FileSystem, path: string, content: Uint8Array): void {
  const temporaryPath = `${path}.tmp`
  const file = fileSystem.open(temporaryPath, 'create')
  try {
    file.truncate(0)
    file.write(content, 0)
    file.syncDataNow()
  } finally {
    file.close()
  }
  fileSystem.rename(temporaryPath, path)
}
