import type { Clock, Log } from '@rocketmq-ts/platform'
import { type commands, JavaPropertiesError, ProtocolError, parseJavaProperties } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { LiveSettings } from '../../live-settings.ts'

export interface UpdateConfigParts {
  clock: Clock
  log: Log
  liveSettings: LiveSettings
}

/** UPDATE_BROKER_CONFIG: changes settings while the broker runs, until it stops. */
export function updateBrokerConfig(parts: UpdateConfigParts): Handler<typeof commands.updateBrokerConfig> {
  return (_header, call) => {
    const { liveSettings, log, clock } = parts
    const update = liveSettings.update(properties(call.body), clock.now())
    if (update.outcome === 'black-listed') {
      throw new ProtocolError('NO_PERMISSION', `Can not update config in black list. ${update.message}`)
    }
    if (update.outcome === 'bad-values') throw new ProtocolError('INVALID_PARAMETER', update.message)
    const { changedKeys, restartKeys, warnings } = update
    if (changedKeys.length > 0) log.info({ changedKeys, restartKeys }, 'settings were changed until the broker stops')
    for (const warning of warnings) log.warn({}, warning)
    return {}
  }
}

function properties(body: Buffer): ReadonlyMap<string, string> {
  try {
    return parseJavaProperties(body.toString('utf8'))
  } catch (error) {
    if (error instanceof JavaPropertiesError) throw new ProtocolError('INVALID_PARAMETER', error.message)
    throw error
  }
}
