import type { Clock, Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { LiveSettings } from '../../live-settings.ts'

export interface UpdateConfigParts {
  clock: Clock
  log: Log
  liveSettings: LiveSettings
}

/** UPDATE_BROKER_CONFIG: changes settings while the broker runs, and keeps them for its next start. */
export function updateBrokerConfig(parts: UpdateConfigParts): Handler<typeof commands.updateBrokerConfig> {
  return (_header, { body }) => {
    const { changedKeys, restartKeys, remark } = parts.liveSettings.change(body, parts.clock.now())
    if (changedKeys.length > 0) parts.log.info({ changedKeys, restartKeys }, 'settings were changed by a request')
    return { remark }
  }
}
