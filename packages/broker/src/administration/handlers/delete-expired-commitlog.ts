import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

/** DELETE_EXPIRED_COMMITLOG: deletes files of the log that are old enough, whatever the hour. */
export function deleteExpiredCommitlog(parts: {
  store: { deleteOldFiles(): void }
}): Handler<typeof commands.deleteExpiredCommitlog> {
  return () => {
    parts.store.deleteOldFiles()
    return {}
  }
}
