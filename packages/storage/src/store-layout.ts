import type { FileSystem, Log } from '@rocketmq-ts/platform'

/** A store holds files that this broker cannot read. */
export class StoreLayoutError extends Error {
  override readonly name = 'StoreLayoutError'
}

/** Folders of the official broker that change the meaning of the other folders. */
const refused = {
  consumequeue_ext:
    'it holds extended consume queues (enableConsumeQueueExt), whose filters this broker does not read. ' +
    'Delete consumequeue_ext and consumequeue: the consume queues are made again from the log',
} as const

const rocksDbQueues = 'consumequeue_rocksdb'

/**
 * Looks for folders that an official broker with other settings, or a newer one, has left.
 * @throws StoreLayoutError when the store must not be opened as it is
 */
export function checkLayout(fileSystem: FileSystem, rootPath: string, log: Log): void {
  for (const [name, reason] of Object.entries(refused)) {
    const path = `${rootPath}/${name}`
    if (fileSystem.list(path).length > 0) throw new StoreLayoutError(`${path} cannot be used: ${reason}`)
  }
  const path = `${rootPath}/${rocksDbQueues}`
  if (fileSystem.list(path).length === 0) return
  log.warn(
    { path },
    'the consume queues of this store were kept in RocksDB (storeType=defaultRocksDB): they are not read, and consume ' +
      'queues in files are used. Without any they are made again from the log; stale ones have to be deleted first',
  )
}
