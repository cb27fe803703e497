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

/** SWITCH_TIMER_ENGINE: the wheel in files (`F`) is the only engine. */
export function switchTimerEngine(parts: {
  settings(): { timerWheelEnable: boolean }
}): Handler<typeof commands.switchTimerEngine> {
  return ({ E_T: engine }) => {
    if (!parts.settings().timerWheelEnable) {
      throw new ProtocolError('SYSTEM_ERROR', 'broker timerWheelEnable is false')
    }
    if (engine === 'F') return { remark: 'switch timer engine success' }
    if (engine === 'R') {
      throw new ProtocolError('INVALID_PARAMETER', 'timerRocksDBEnable must be configured true when broker start')
    }
    throw new ProtocolError('INVALID_PARAMETER', `E_T is ${engine}: it must be F (the wheel in files) or R (RocksDB)`)
  }
}
