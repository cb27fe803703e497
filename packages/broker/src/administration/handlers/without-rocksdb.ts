import { type commands, consumeQueueCheckBody, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

/** Commands of administrators about RocksDB, answered as a broker of RocketMQ answers them that keeps everything in files. */

const alike = 0

/** CHECK_ROCKSDB_CQ_WRITE_PROGRESS: consume queues are in files alone. */
export function checkRocksdbCqWriteProgress(): Handler<typeof commands.checkRocksdbCqWriteProgress> {
  return () => ({
    body: consumeQueueCheckBody.encode({
      checkStatus: alike,
      checkResult: 'consume queues are in files alone, not in RocksDB: there is nothing to compare',
    }),
  })
}

/** POP_ROLLBACK: receipts are in the revive topic already, and nowhere else. */
export function popRollback(): Handler<typeof commands.popRollback> {
  return () => ({})
}

/** SWITCH_TIMER_ENGINE: the wheel in files is the only engine. */
export function switchTimerEngine(parts: {
  settings(): { timerWheelEnable: boolean }
}): Handler<typeof commands.switchTimerEngine> {
  return () => {
    if (!parts.settings().timerWheelEnable) {
      throw new ProtocolError('SYSTEM_ERROR', 'broker timerWheelEnable is false')
    }
    throw new ProtocolError('SYSTEM_ERROR', 'timerRocksDBEnable must be configured true when broker start')
  }
}
