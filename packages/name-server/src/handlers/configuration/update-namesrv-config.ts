import type { Clock, Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { LiveSettings } from '../../configuration/live-settings.ts'

/** UPDATE_NAMESRV_CONFIG (318): changes settings and keeps them in `configStorePath`. */
export function updateNamesrvConfig(
  settings: LiveSettings,
  clock: Pick<Clock, 'now'>,
  log: Log,
): Handler<typeof commands.updateNamesrvConfig> {
  return (_header, { body, connection }) => {
    const { changedKeys, restartKeys, remark } = settings.change(body, clock.now())
    const fields = { changedKeys, restartKeys, peer: connection.remoteAddress }
    if (changedKeys.length > 0) log.info(fields, 'settings were changed by a request')
    return { remark }
  }
}
