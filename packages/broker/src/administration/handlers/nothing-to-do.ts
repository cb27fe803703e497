import { type commands, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

/** Commands of administrators for which this broker has nothing to do: what they ask for is so already. */

/** CLEAN_EXPIRED_CONSUMEQUEUE: the files of consume queues go with those of the log that they lead to. */
export function cleanExpiredConsumequeue(): Handler<typeof commands.cleanExpiredConsumequeue> {
  return () => ({})
}

/** RESET_MASTER_FLUSH_OFFSET: only a slave keeps how far its master's log is synced, and this broker is a master. */
export function resetMasterFlushOffset(): Handler<typeof commands.resetMasterFlushOffset> {
  return () => ({})
}

const readAheadModes: readonly number[] = [0, 1]

/** SET_COMMITLOG_READ_MODE: files are read by position and are not mapped, so that neither mode makes a difference. */
export function setCommitlogReadMode(): Handler<typeof commands.setCommitlogReadMode> {
  return ({ READ_AHEAD_MODE: mode }) => {
    if (readAheadModes.includes(mode)) return { remark: `set commitlog readahead mode success, mode: ${mode}` }
    throw new ProtocolError('INVALID_PARAMETER', `READ_AHEAD_MODE is ${mode}: it must be 0 (normal) or 1 (random)`)
  }
}
