import type { Clock, Log } from '@rocketmq-ts/platform'
import type { MessageStore } from '@rocketmq-ts/storage'
import type { LiveSettings } from '../live-settings.ts'
import { deleteExpiredCommitlog } from './handlers/delete-expired-commitlog.ts'
import { getBrokerConfig } from './handlers/get-broker-config.ts'
import { getBrokerHaStatus } from './handlers/get-broker-ha-status.ts'
import { getBrokerRuntimeInfo } from './handlers/get-broker-runtime-info.ts'
import { cleanExpiredConsumequeue, resetMasterFlushOffset, setCommitlogReadMode } from './handlers/nothing-to-do.ts'
import { updateBrokerConfig } from './handlers/update-broker-config.ts'
import { checkRocksdbCqWriteProgress, popRollback, switchTimerEngine } from './handlers/without-rocksdb.ts'
import type { RuntimeInfoParts } from './runtime-info.ts'

export interface AdministrationParts {
  clock: Clock
  log: Log
  liveSettings: LiveSettings
  store: MessageStore
  counters: RuntimeInfoParts['statistics']
  delayProgress: RuntimeInfoParts['delayProgress']
  timerFigures: RuntimeInfoParts['timerFigures']
  /** Requests of a lane that wait for their answer. */
  waitingIn: RuntimeInfoParts['waitingIn']
}

/** Settings and state of the broker as a whole. */
export function createAdministration(parts: AdministrationParts) {
  const { clock, log, liveSettings, store, counters, delayProgress, timerFigures, waitingIn } = parts
  const settings = () => liveSettings.current
  return {
    handlers: {
      updateBrokerConfig: updateBrokerConfig({ clock, log, liveSettings }),
      getBrokerConfig: getBrokerConfig({ liveSettings }),
      getBrokerRuntimeInfo: getBrokerRuntimeInfo({
        clock,
        bootMs: clock.now(),
        statistics: counters,
        store,
        delayProgress,
        timerFigures,
        waitingIn,
        settings,
      }),
      deleteExpiredCommitlog: deleteExpiredCommitlog({ store }),
      cleanExpiredConsumequeue: cleanExpiredConsumequeue(),
      getBrokerHaStatus: getBrokerHaStatus({ store }),
      resetMasterFlushOffset: resetMasterFlushOffset(),
      checkRocksdbCqWriteProgress: checkRocksdbCqWriteProgress(),
      popRollback: popRollback(),
      switchTimerEngine: switchTimerEngine({ settings }),
      setCommitlogReadMode: setCommitlogReadMode(),
    },
  }
}
