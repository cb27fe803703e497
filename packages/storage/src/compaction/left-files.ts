import type { FileSystem } from '@rocketmq-ts/platform'

/**
 * Makes what there is of compacted logs survive a failure of the power, where none are in use: no checkpoint waits for
 * them, and a later start that compacts again takes them for what is on the disk.
 */
export function syncLeftCompactedLogs(fileSystem: FileSystem, rootPath: string): void {
  const path = `${rootPath}/compaction`
  if (fileSystem.status(path) === undefined) return
  syncFolder(fileSystem, path)
  fileSystem.syncFolder(rootPath)
}

function syncFolder(fileSystem: FileSystem, folder: string): void {
  for (const name of fileSystem.list(folder)) {
    const path = `${folder}/${name}`
    const kind = fileSystem.status(path)?.kind
    if (kind === 'folder') syncFolder(fileSystem, path)
    else if (kind === 'file') {
      const file = fileSystem.open(path, 'update')
      try {
        file.syncDataNow()
      } finally {
        file.close()
      }
    }
  }
  fileSystem.syncFolder(folder)
}
